"""Commands that look before a drill does: at features, faults, keys and this machine."""

from __future__ import annotations

import json as jsonlib
import re
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from restoreproof.assets.identity_file import make_identity
from restoreproof.cli.app import (
    Cache,
    ContractArgument,
    Features,
    Json,
    Var,
    app,
    cache_directory,
    out,
    quiet,
    say,
    tell,
)
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.contract import load, nouns
from restoreproof.contract.references import bindings
from restoreproof.drill.outer.reaper import reap_everything
from restoreproof.errors import ExitCode, UsageError
from restoreproof.faults.base import faults_of
from restoreproof.gherkin.document import feature_files
from restoreproof.gherkin.linter import lint as lint_features
from restoreproof.gherkin.request import step_modules
from restoreproof.runtimes.kinds import DEFAULT, kind, names
from restoreproof.sealing.keys import make_signing_key


@app.command()
def lint(
    contract: ContractArgument = Path("compose/wipe/stack.yaml"),
    features: Features = Path("features"),
    json: Json = False,
) -> None:
    """Refuse features that could pass without asserting anything, and a compose file of another stack."""
    loaded = load(contract)
    if not feature_files(features):
        raise UsageError(f"no .feature file below {features}", hint="point --features at the directory")
    root = features.absolute().parent
    sys.path.insert(0, str(root))
    phrases = ("restoreproof.gherkin.steps", *step_modules(root))
    findings = [
        str(one) for one in lint_features(features, loaded.order, nouns(loaded), phrases, bindings(loaded))
    ]
    findings += [f"{one.where}: {one} [{name}]" for name in names() for one in kind(name).objections(loaded)]
    if json:
        out.print_json(jsonlib.dumps(findings))
    for finding in () if json else findings:
        say(finding)
    if findings:
        raise typer.Exit(int(ExitCode.COULD_NOT_START))
    if not json:
        say(f"{features}: nothing to object to")


@app.command()
def faults(contract: ContractArgument = Path("compose/wipe/stack.yaml"), json: Json = False) -> None:
    """List the faults that `drill --fault` can inject, and the checks that must notice each."""
    known = faults_of(load(contract).stack).values()
    told = [
        {"name": one.name, "what": one.title, "where": one.sort, "noticed_by": one.detected_by}
        for one in known
    ]
    if json:
        out.print_json(jsonlib.dumps(told))
    for one in () if json else known:
        say(f"{one.name}: {one.title} ({one.sort}) → {', '.join(one.detected_by)}")


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(help="the file to write")] = Path("var/keys/recovery.txt"),
    signing: Annotated[
        bool, typer.Option("--signing", help="a signing key instead, its public half beside")
    ] = False,
    valid_for: Annotated[
        str, typer.Option("--valid-for", help="how long a signing key is to be trusted, in days: 730d")
    ] = "730d",
) -> None:
    """Make a recovery identity (age); keep it apart from the backups it opens. Or make a signing key."""
    refuse_unwritable(path.absolute().parent)
    if not signing:
        say(f"{path}: public recipient {make_identity(path)}")
        return
    days = re.fullmatch(r"([1-9]\d{0,4})d", valid_for)
    if not days:
        raise UsageError(f"--valid-for {valid_for!r} is no number of days", hint="such as 730d")
    public = make_signing_key(path, valid_for=timedelta(days=int(days[1])))
    say(f"{path}: give {public} to whoever is to verify; nobody but you vouches for it")


@app.command()
def doctor(
    contract: ContractArgument = Path("compose/wipe/stack.yaml"),
    runtime: Annotated[
        str, typer.Option("--runtime", help="the runtime that this machine has to be fit for")
    ] = DEFAULT,
    reap: Annotated[
        bool,
        typer.Option("--reap", help="remove what killed drills left: processes, containers, directories"),
    ] = False,
    var: Var = Path("var"),
    json: Json = False,
    cache: Cache = None,
) -> None:
    """Say what this machine has and lacks for a drill, or remove what killed drills left on it."""
    if reap:
        reaped = reap_everything(var.absolute(), quiet if json else say)
        lines = {
            "could not be removed": reaped.left,
            "not looked at": reaped.not_looked_at,
            "left alone": reaped.left_alone,
        }
        still = [f"{what}: {one}" for what, found in lines.items() for one in found]
        tell(asdict(reaped), json, "\n".join(still) or "nothing is left")
        unsure = reaped.left or reaped.not_looked_at
        raise typer.Exit(int(ExitCode.NOT_VERIFIED if unsure else ExitCode.VERIFIED))
    wanted = kind(runtime).name
    loaded = load(contract) if contract.exists() else None
    findings = [
        (name, one) for name in names() for one in kind(name).diagnose(loaded, cache_directory(cache))
    ]
    if json:
        told = [
            {"runtime": name, "what": one.what, "ok": one.ok, "detail": one.detail} for name, one in findings
        ]
        out.print_json(jsonlib.dumps(told))
    for name, one in () if json else findings:
        # What the other runtimes lack is told, and is no fault.
        mark = "✔" if one.ok else "✘" if name == wanted else "–"
        say(f"{mark} {one.what}: {one.detail}")
    if not all(one.ok for name, one in findings if name == wanted):
        raise typer.Exit(int(ExitCode.NOT_VERIFIED))

"""What this machine has and lacks for a drill, and what killed drills left on it."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from restoreproof.cli.app import (
    Cache,
    Json,
    Var,
    app,
    cache_directory,
    out,
    quiet,
    say,
    tell,
)
from restoreproof.errors import ExitCode
from restoreproof.runtimes import DEFAULT

if TYPE_CHECKING:
    from restoreproof.runtimes.host.diagnosis import Diagnosis


@app.command()
def doctor(
    contract: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONTRACT", help="the stack.yaml to drill", show_default="stack.yaml, if there is one"
        ),
    ] = None,
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
        _reap(var.absolute(), json)
    from restoreproof.contract import load
    from restoreproof.runtimes.registry import driver, names

    wanted = driver(runtime).name
    here = Path("stack.yaml")
    loaded = load(contract or here) if contract or here.exists() else None
    findings = [
        (name, diagnosis)
        for name in names()
        for diagnosis in driver(name).diagnose(loaded, cache_directory(cache))
    ]
    if json:
        _tell_json(findings)
    else:
        _tell(findings, wanted)
    if not all(diagnosis.ok for name, diagnosis in findings if name == wanted):
        raise typer.Exit(int(ExitCode.NOT_VERIFIED))


def _reap(var: Path, json: bool) -> NoReturn:
    from restoreproof.drill.outer.reaper import reap_everything

    reaped = reap_everything(var, quiet if json else say)
    lists = {
        "could not be removed": reaped.left,
        "not looked at": reaped.not_looked_at,
        "left alone": reaped.left_alone,
    }
    lines = [f"{what}: {item}" for what, items in lists.items() for item in items]
    tell(asdict(reaped), json, "\n".join(lines) or "nothing is left")
    unsure = reaped.left or reaped.not_looked_at
    raise typer.Exit(int(ExitCode.NOT_VERIFIED if unsure else ExitCode.VERIFIED))


def _tell_json(findings: Sequence[tuple[str, Diagnosis]]) -> None:
    from restoreproof.views import reduced_views

    rows: list[dict[str, object]] = [
        {"runtime": name, "what": diagnosis.what, "ok": diagnosis.ok, "detail": diagnosis.detail}
        for name, diagnosis in findings
    ]
    rows += [
        {"runtime": None, "what": view.file, "ok": False, "detail": view.extra.command}
        for _, view in reduced_views()
    ]
    out.print_json(jsonlib.dumps(rows))


def _tell(findings: Sequence[tuple[str, Diagnosis]], wanted: str) -> None:
    from restoreproof.views import reduced_views

    for name, diagnosis in findings:
        # What the other runtimes lack is told, and is no fault.
        mark = "✔" if diagnosis.ok else "✘" if name == wanted else "–"
        say(f"{mark} {diagnosis.what}: {diagnosis.detail}")
    for _, view in reduced_views():
        say(f"– {view.file} can't be made in full; next: {view.extra.command}")

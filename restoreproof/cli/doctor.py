"""What this machine has and lacks for a drill, and what killed drills left on it."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

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
    from restoreproof.contract import load
    from restoreproof.drill.outer.reaper import reap_everything
    from restoreproof.runtimes.registry import driver, names
    from restoreproof.views import reduced_views

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
    wanted = driver(runtime).name
    here = Path("stack.yaml")
    loaded = load(contract or here) if contract or here.exists() else None
    findings = [
        (name, one) for name in names() for one in driver(name).diagnose(loaded, cache_directory(cache))
    ]
    if json:
        told: list[dict[str, object]] = [
            {"runtime": name, "what": one.what, "ok": one.ok, "detail": one.detail} for name, one in findings
        ]
        told += [
            {"runtime": None, "what": view.file, "ok": False, "detail": view.extra.command}
            for _, view in reduced_views()
        ]
        out.print_json(jsonlib.dumps(told))
    for name, one in () if json else findings:
        # What the other runtimes lack is told, and is no fault.
        mark = "✔" if one.ok else "✘" if name == wanted else "–"
        say(f"{mark} {one.what}: {one.detail}")
    for _, view in () if json else reduced_views():
        say(f"– {view.file} can't be made in full; next: {view.extra.command}")
    if not all(one.ok for name, one in findings if name == wanted):
        raise typer.Exit(int(ExitCode.NOT_VERIFIED))

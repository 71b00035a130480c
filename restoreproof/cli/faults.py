"""The faults that a drill of a stack can inject."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path

from restoreproof.cli.app import (
    ContractArgument,
    Json,
    app,
    out,
    say,
)
from restoreproof.contract import load
from restoreproof.faults.base import faults_of


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

"""The faults that a drill of a stack can inject."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path

from restoreproof.cli.app import ContractArgument, Features, Json, app, out, say


@app.command()
def faults(
    contract: ContractArgument = Path("stack.yaml"), features: Features = None, json: Json = False
) -> None:
    """List the faults that `drill --fault` can inject, and the checks that must notice each."""
    from restoreproof.contract import load
    from restoreproof.faults.registry import faults_of, folders_of

    stack = load(contract).stack
    listed = faults_of(stack, folders_of(contract, features)).values()
    if json:
        rows = [
            {"name": fault.name, "what": fault.title, "where": fault.sort, "noticed_by": fault.detected_by}
            for fault in listed
        ]
        out.print_json(jsonlib.dumps(rows))
        return
    for fault in listed:
        say(f"{fault.name}: {fault.title} ({fault.sort}) → {', '.join(fault.detected_by)}")
    if not listed:
        say(
            f"no fault is known for the stack {stack}: put a module with FAULTS into "
            f"faults/ beside {contract} or {features or 'its features'}"
        )

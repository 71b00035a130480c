"""The command line and the environment that the inner process is started with."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from restoreproof.drill.isolation_gate import PERMISSION
from restoreproof.drill.outer.inner_process import Pipes
from restoreproof.drill.request import DrillInputs, DrillRequest
from restoreproof.drill.sandbox_contents import plugin_options


def argv(request: DrillRequest, inputs: DrillInputs, workdir: Path) -> list[str]:
    """Return the command line: pytest, configured in ``workdir``, over the parts asked for."""
    chosen = [str(path) for path in inputs.paths] or [str(inputs.features)]
    options = [
        "-c",
        str(workdir / "pytest.ini"),
        f"--rootdir={inputs.root}",
        # The ini file lies in the work directory, and pytest would read no conftest.py above that.
        f"--confcutdir={inputs.root}",
        *plugin_options(),
    ]
    faults = ["-p", "restoreproof.faults.injection"] if request.faults else []
    return [sys.executable, "-m", "pytest", *options, *faults, *request.pytest_options, *chosen]


def environment(inputs: DrillInputs, workdir: Path, pipes: Pipes) -> dict[str, str]:
    """Return the variables that the inner process gets, and no other: nothing of this process's own."""
    variables = {
        "RESTOREPROOF_INNER": str(workdir / "inner.json"),
        "RESTOREPROOF_PIPE": str(pipes.events),
        PERMISSION: str(pipes.permission),
        "PYTHONPATH": str(inputs.root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONUNBUFFERED": "1",
        "TERM": os.environ.get("TERM", "dumb"),
        "RESTOREPROOF_PATIENCE": os.environ.get("RESTOREPROOF_PATIENCE", "1"),
        "COLUMNS": str(shutil.get_terminal_size((110, 24)).columns),
    }
    if sys.stdout.isatty():
        variables["RESTOREPROOF_TTY"] = "1"
    return variables

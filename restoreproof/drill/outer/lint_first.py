"""What the linter refuses, before a drill begins: a typo in a step costs no restore."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from restoreproof.drill.liveness_lock import alive
from restoreproof.drill.outer.cleanup import destroy
from restoreproof.drill.request import DrillInputs
from restoreproof.errors import FeatureError
from restoreproof.private_files import make_private_directory
from restoreproof.runtimes.driver import OuterRuntime
from restoreproof.waiting import PATIENCE

MODULE = "restoreproof.gherkin.lint_run"
MAX_BYTES = 4 * 1024 * 1024
LISTED = 50
_DEADLINE_S = 120.0
_FINDINGS = TypeAdapter(list[str])


def refuse_findings(inputs: DrillInputs, hosting: OuterRuntime, workdir: Path) -> None:
    """Lint the features where the inner process will run, for that imports the stack's own code.

    Raises:
        FeatureError: the linter refuses them, by line, or could not read them to the end.
        EnvironmentUnfitError: nothing can be started there.
    """
    with alive(workdir):
        make_private_directory(workdir)
        try:
            findings = _findings(inputs, hosting)
        finally:
            destroy(workdir)
    if findings:
        raise FeatureError("\n".join(findings[:LISTED]), hint="`restoreproof lint CONTRACT` says the same")


def _findings(inputs: DrillInputs, hosting: OuterRuntime) -> list[str]:
    reading, writing = os.pipe()
    paths = (inputs.contract_copy, inputs.contract.path, inputs.features)
    argv = [sys.executable, "-m", MODULE, *map(str, paths), str(writing)]
    environment = {"PYTHONPATH": str(inputs.root), "PYTHONDONTWRITEBYTECODE": "1"}
    with os.fdopen(reading, "rb") as told:
        try:
            process = hosting.launch(argv, environment, pass_fds=[writing], stdout=sys.stderr.fileno())
        finally:
            os.close(writing)
        content = told.read(MAX_BYTES)
    try:
        returncode = process.wait(timeout=_DEADLINE_S * PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        returncode = process.wait()
    try:
        return _FINDINGS.validate_python(json.loads(content))
    except (ValueError, ValidationError) as error:
        raise FeatureError(
            f"the features could not be linted: the linter ended with {returncode}",
            hint="what it printed stands above; `restoreproof lint CONTRACT` runs it alone",
        ) from error

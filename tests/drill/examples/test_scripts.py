"""The shell of the examples, read by ShellCheck; the Python of the examples is linted with the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workshop import ROOT

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
SCRIPTS = sorted((ROOT / "examples").rglob("*.sh"))


def shellcheck(script: Path) -> subprocess.CompletedProcess[str]:
    """What it says of ``script`` and of what that reads in."""
    command = [SHELLCHECK, "--external-sources", "--source-path=SCRIPTDIR:SCRIPTDIR/..", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    done = shellcheck(script)
    assert done.returncode == 0, done.stdout


def test_shellcheck_would_say_something(tmp_path: Path) -> None:
    script = tmp_path / "careless.sh"
    script.write_text("#!/bin/bash\nrm -rf $1/*\n")
    assert "SC2086" in shellcheck(script).stdout

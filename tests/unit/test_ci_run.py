"""Functions of ``.ci/run`` by themselves: the whole of it takes a machine and half an hour."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "run"


def call(lines: str, checkout: Path, work: Path) -> str:
    """What ``lines`` print in ``checkout``, with the functions of the script at hand."""
    functions = re.findall(r"^\w+\(\) \{(?: .*\}$|\n(?:.*\n)*?\}$)", SCRIPT.read_text(), re.MULTILINE)
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -euo pipefail", *functions, lines])],
        cwd=checkout,
        env={**os.environ, "work": str(work)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    for command in (["init", "--quiet", str(made)], ["-C", str(made), *COMMIT]):
        subprocess.run(["git", *command], check=True)
    return made


COMMIT = [
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@b.invalid",
    "commit",
    "--quiet",
    "--allow-empty",
    "-m",
    "one",
]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a checkout of somebody else's here")
def test_root_clones_a_checkout_of_somebody_elses(checkout: Path, tmp_path: Path) -> None:
    for directory, names, files in os.walk(checkout):
        for name in (".", *names, *files):
            os.chown(Path(directory, name), 12345, 12345)
    call('clone "$work/clone"', checkout, tmp_path)
    log = ["git", "-C", str(tmp_path / "clone"), "log", "--format=%s"]
    assert subprocess.run(log, capture_output=True, text=True, check=True).stdout == "one\n"


def test_the_newcomers_reports_outlive_a_failure_and_are_told(checkout: Path, tmp_path: Path) -> None:
    work = tmp_path / "restoreproof-ci.x"
    reports = work / "home" / "restoreproof" / "reports"
    assert call("keep_reports", checkout, work) == ""
    (reports / "drill").mkdir(parents=True)
    (reports / "drill" / "record.json").write_text("{}")
    said = call(
        'running="make drill"; ran=(); DOCKERD_PIDFILE=none; (finish); ls -d "$work" || :', checkout, work
    )
    assert "FAILED: make drill" in said
    assert "the newcomer's reports are kept in var/ci/restoreproof-ci.x" in said
    assert not work.exists()
    assert (checkout / "var" / "ci" / work.name / "drill" / "record.json").read_text() == "{}"


def test_the_interpreter_that_the_newcomer_has_must_make_environments_too(
    checkout: Path, tmp_path: Path
) -> None:
    lacking = tmp_path / "python3"
    lacking.write_text("#!/bin/sh\nexit 1\n")
    lacking.chmod(0o755)
    assert call(f"can_make_venv {lacking} || echo lacks", checkout, tmp_path) == "lacks\n"
    assert "can_make_venv /usr/bin/python3" in SCRIPT.read_text()

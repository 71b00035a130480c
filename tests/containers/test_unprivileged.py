"""In a container without privileges, as CI systems have them, the stack runs and is not called isolated."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.drill.conftest import ROOT, Done, Workshop

pytestmark = pytest.mark.container
BASE = "restoreproof/base:bookworm"


def drill(workshop: Workshop, reports: Path, *more: object) -> Done:
    """A drill in a container: Debian's files, this machine's programs, and no network."""
    workshop.give(reports)
    places = [*(f"{path}:{path}" for path in (workshop.directory, workshop.cache)), f"{ROOT}:{ROOT}:ro"]
    mounts = [part for place in ("/usr:/usr:ro", *places) for part in ("-v", place)]
    argv = [sys.executable, "-m", "restoreproof.cli", *workshop.drill_arguments(reports, *more)]
    container = ["docker", "run", "--rm", "--network", "none", *mounts, "-w", ROOT, BASE]
    return workshop.execute([*map(str, container), *map(str, argv)])


def test_every_check_passes_and_the_verdict_is_not_verified(workshop: Workshop) -> None:
    reports = workshop.reports()
    done = drill(workshop, reports)
    assert done.returncode == 3, done.output[-4000:]
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert record["counts"]["passed"] == record["counts"]["total"] - 1, "all but the advisory one"
    assert any("not proven isolated" in reason for reason in record["incomplete"])
    assert not record["safety"]["isolated"]


def test_a_real_set_is_refused_before_anything_of_it_runs(workshop: Workshop) -> None:
    real = workshop.copy_of_set("real")
    manifest = real / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"synthetic": true', '"synthetic": false'))
    reports = workshop.reports()
    done = drill(workshop, reports, "--set", real)
    assert done.returncode == 3, done.output[-4000:]
    journal = (reports / "latest" / "journal.jsonl").read_text()
    assert "isolation-verdict" in journal
    assert "service-started" not in journal

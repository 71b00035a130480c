"""What a set says of its own data decides nothing: without a sandbox no restored code runs beside the key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from restoreproof.runtimes.host.scratch import Scratch
from tests.workshop import Workshop


@pytest.fixture(scope="module")
def synthetic(workshop: Workshop) -> Path:
    """A set whose manifest calls its data made up, as anybody's may who hands one in."""
    manifest = json.loads((workshop.set / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    return workshop.set


def test_a_manifest_that_calls_its_data_synthetic_runs_nothing_unconfined(
    workshop: Workshop, synthetic: Path
) -> None:
    reports = workshop.give(workshop.reports())
    arguments = workshop.drill_arguments(reports, "--set", synthetic)
    done = workshop.execute([*workshop.without_namespaces(reports), *workshop.argv(*arguments)])
    assert done.returncode == 3, done.output
    assert "a backup set is not drilled where the target is not proven isolated" in done.output
    journal = (reports / "latest" / "journal.jsonl").read_text()
    assert "service-started" not in journal
    assert "stage-entered" not in journal
    assert json.loads((reports / "latest" / "record.json").read_text())["verdict"] == "NOT VERIFIED"


def test_what_is_allowed_unisolated_may_read_no_key_identity_set_or_report(
    workshop: Workshop, synthetic: Path
) -> None:
    reports = workshop.give(workshop.reports())
    arguments = workshop.drill_arguments(reports, "--set", synthetic, "--allow-unisolated")
    done = workshop.execute([*workshop.without_namespaces(reports), *workshop.argv(*arguments)])
    assert done.returncode == 3, done.output
    said = " ".join(done.output.split())
    for private in ("drill.pem", "recovery.txt", str(synthetic), str(reports)):
        assert private in said
    assert not [path for path in reports.glob("2*") if path.is_dir()], "nothing was started"
    entries = [json.loads(line) for line in (reports / "ledger.jsonl").read_text().splitlines()]
    assert [entry["type"] for entry in entries] == ["refused"]


def test_teardown_sees_what_an_unconfined_drill_left_beside_its_directory(tmp_path: Path) -> None:
    (tmp_path / "older").touch()
    scratch = Scratch((tmp_path, tmp_path / "nowhere"))
    assert scratch.added() == []
    (tmp_path / "hsperfdata_drill").mkdir()
    (tmp_path / "older").rename(tmp_path / "renamed")
    assert scratch.added() == [tmp_path / "hsperfdata_drill", tmp_path / "renamed"]

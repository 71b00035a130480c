"""What a set says of its own data decides nothing: without a sandbox no restored code runs beside the key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from restoreproof.runtimes.host.scratch import Scratch
from tests.workshop import Done, Workshop


@pytest.fixture(scope="module")
def handed(workshop: Workshop) -> Path:
    """A set whose manifest calls its data made up, and its catalogue: as anybody hands them in, unsigned."""
    copy = workshop.copy_of_set("handed-in")
    assert json.loads((copy / "manifest.json").read_text())["synthetic"] is True
    shutil.copyfile(workshop.catalogue, copy.parent / "handed-in.json")
    workshop.give(copy.parent)
    return copy


def unconfined(workshop: Workshop, *more: object) -> tuple[Done, Path]:
    """A drill where the kernel makes no sandbox."""
    reports = workshop.give(workshop.reports())
    arguments = workshop.drill_arguments(reports, *more)
    return workshop.execute([*workshop.without_namespaces(reports), *workshop.argv(*arguments)]), reports


def refused(done: Done, reports: Path) -> None:
    assert done.returncode in {1, 3}, done.output
    assert "a backup set is not drilled where the target is not proven isolated" in done.output
    journal = (reports / "latest" / "journal.jsonl").read_text()
    assert "service-started" not in journal
    assert "stage-entered" not in journal
    assert json.loads((reports / "latest" / "record.json").read_text())["verdict"] != "VERIFIED"


def test_a_manifest_that_calls_its_data_synthetic_runs_nothing_unconfined(
    workshop: Workshop, handed: Path
) -> None:
    refused(*unconfined(workshop, "--set", handed, "--catalogue", handed.with_suffix(".json")))


def test_nor_does_a_catalogue_that_somebody_elses_key_signed(workshop: Workshop, handed: Path) -> None:
    key = workshop.directory / "elsewhere" / "catalogue.pem"
    assert workshop.run("keygen", key, "--signing").returncode == 0
    catalogue = handed.with_name("signed-elsewhere.json")
    shutil.copyfile(handed.with_suffix(".json"), catalogue)
    done = workshop.run("sign-catalogue", catalogue, "--key", f"file:{key}")
    assert done.returncode == 0, done.output
    workshop.give(handed.parent)
    refused(*unconfined(workshop, "--set", handed, "--catalogue", catalogue))
    key.with_suffix(".pub").parent.chmod(0o755)
    named = ["--catalogue-key", key.with_suffix(".pub")]
    refused(*unconfined(workshop, "--set", handed, "--catalogue", catalogue, *named))


def test_nor_does_a_set_that_is_not_what_this_machine_signed(workshop: Workshop) -> None:
    copy = workshop.copy_of_set("exchanged-after-signing")
    with (copy / "postgres/database/globals.sql").open("a") as file:
        file.write("CREATE ROLE wipe_app SUPERUSER;\n")
    workshop.give(copy)
    refused(*unconfined(workshop, "--set", copy))


def test_what_this_machine_signed_as_synthetic_may_go_on_and_is_not_verified(workshop: Workshop) -> None:
    done, reports = unconfined(workshop, "-k", "set-identity")
    assert done.returncode == 3, done.output
    assert "a backup set is not drilled" not in done.output
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert not record["safety"]["isolated"]
    assert any("not proven isolated" in reason for reason in record["incomplete"])


def test_what_is_allowed_unisolated_may_read_no_key_identity_set_or_report(
    workshop: Workshop,
) -> None:
    done, reports = unconfined(workshop, "--allow-unisolated")
    assert done.returncode == 3, done.output
    said = " ".join(done.output.split())
    for private in ("drill.pem", "recovery.txt", "the set", str(reports)):
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

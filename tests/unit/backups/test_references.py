"""A set that refers to what a provider keeps: what it states, what is held against it, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups import layout, missing
from restoreproof.backups.adopt import Given, adopt, lacks
from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.manifest import Manifest
from restoreproof.backups.rebind import refuse_other, reissue
from restoreproof.backups.references import Reference
from restoreproof.backups.verify import verify_against
from restoreproof.errors import UsageError

IN_PLACE = Reference(
    reference="in-place",
    parts=(missing.OBJECTS, missing.bucket_part("photos"), missing.bucket_part("drop")),
)
SNAPSHOT = Reference(
    reference="arn:aws:rds:eu-west-1:123456789012:snapshot:rds:shop-2026-11-22-03-00",
    engine="18.4",
    parts=(missing.ROLES,),
)


@pytest.fixture
def given(directory: Path, catalogue: Catalogue) -> Given:
    """A snapshot of the database, and buckets that are in place, of which there is an index."""
    return Given(
        stack="shop",
        synthetic=True,
        recovery_point=catalogue.recovery_point,
        release="1.0.0",
        references={"rows": SNAPSHOT, "objects": IN_PLACE},
        directories={layout.INDEX: directory / layout.INDEX},
        catalogue=catalogue,
    )


def adopted(given: Given, tmp_path: Path) -> tuple[BackupSet, Catalogue]:
    """The set of ``given``, opened, and the catalogue as it was written again for it."""
    assert given.catalogue
    written = adopt(given, tmp_path / "adopted")
    path = tmp_path / "catalogue.json"
    catalogues.save(reissue(given.catalogue, *written, committed=False), path)
    return open_set(tmp_path / "adopted", "shop"), catalogues.load(path)


def test_what_a_provider_keeps_is_not_lacking(given: Given, tmp_path: Path) -> None:
    assert set(lacks(given)) == {missing.IDENTITY, missing.SECRETS, "custody", "proxy", "release"}
    backup, _ = adopted(given, tmp_path)
    backup.require(missing.ROLES, missing.OBJECTS, missing.bucket_part("photos"))
    assert backup.references == {"rows": SNAPSHOT, "objects": IN_PLACE}
    assert backup.elsewhere(missing.ROLES) == "rows"
    assert backup.elsewhere(missing.bucket_part("photos")) == "objects"
    assert backup.elsewhere(missing.IDENTITY) is None
    assert (backup.references["objects"].in_place, backup.references["rows"].in_place) == (True, False)


def test_a_set_of_files_says_nothing_of_references(directory: Path) -> None:
    assert "references" not in (directory / layout.MANIFEST).read_text()
    assert open_set(directory, "shop").references == {}


def test_the_catalogue_is_tied_to_the_new_set_and_says_of_which_it_was(given: Given, tmp_path: Path) -> None:
    backup, known = adopted(given, tmp_path)
    assert (known.set_id, known.manifest_sha256) == (backup.manifest.set_id, backup.manifest_sha256)
    assert given.catalogue and known.reissued_from
    assert known.reissued_from.set_id == given.catalogue.set_id == "set-1"
    assert known.reissued_from.manifest_sha256 == given.catalogue.manifest_sha256
    assert known.buckets == given.catalogue.buckets
    assert verify_against(backup, known).sound


def test_commitments_without_their_key_are_left_out(given: Given) -> None:
    assert given.catalogue
    known = given.catalogue
    manifest, sha256 = _manifest_of(known)
    without = reissue(known, manifest, sha256, committed=False)
    assert without.assets["secrets"].holds == {}
    assert without.assets["objects"] == known.assets["objects"]
    whole = reissue(known, manifest, sha256, committed=True)
    assert whole.assets["secrets"].holds == {"commitments": {"NAME": "ab"}}


def _manifest_of(known: Catalogue) -> tuple[Manifest, str]:
    manifest = Manifest(
        set_id="adopted", stack="shop", run_id="r", recovery_point=known.recovery_point, synthetic=True,
        release="1", artifacts=(),
    )  # fmt: skip
    return manifest, "1" * 64


@pytest.mark.parametrize("index", [True, False])
def test_buckets_in_place_need_neither_blobs_nor_an_index(given: Given, tmp_path: Path, index: bool) -> None:
    backup, known = adopted(given if index else replace(given, directories={}), tmp_path)
    report = verify_against(backup, known)
    assert report.sound
    assert (report.objects, report.blobs) == (20 if index else 0, 0)


def test_an_index_that_is_not_the_catalogues_contradicts(given: Given, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    for bucket in ("photos", "drop"):
        name = f"{bucket}-0000.jsonl"
        lines = (given.directories[layout.INDEX] / name).read_text().splitlines(keepends=True)
        (index / name).write_text("".join(lines[1:]))
    backup, known = adopted(replace(given, directories={layout.INDEX: index}), tmp_path)
    [found] = verify_against(backup, known).contradictions
    assert (found.artifact, found.observed.partition(",")[0]) == ("photos", "19 objects")


def test_a_bucket_that_nobody_keeps_still_contradicts(given: Given, tmp_path: Path) -> None:
    backup, known = adopted(replace(given, references={"rows": SNAPSHOT}, directories={}), tmp_path)
    assert not verify_against(backup, known).sound


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"recovery_point": "2026-11-22T03:00:01Z"}, "recovery point"),
        ({"stack": "wine"}, "stack wine"),
        ({"release": "0.9.0"}, "release 0.9.0"),
    ],
)
def test_a_catalogue_of_another_backup_is_refused(given: Given, other: dict[str, str], said: str) -> None:
    assert given.catalogue
    known = Catalogue.model_validate({**given.catalogue.model_dump(by_alias=True), **other})
    with pytest.raises(UsageError, match=said):
        refuse_other(known, Path("known.json"), given)


@pytest.mark.parametrize(
    "name", ["", "--force", "-x", "a b", "a\nb", "a;b", "$(id)", "`id`", "a\x1b[2J", "a" * 600, "{reference}"]
)
def test_what_could_pass_for_an_option_or_more_is_no_reference(name: str) -> None:
    with pytest.raises(ValidationError):
        Reference(reference=name)

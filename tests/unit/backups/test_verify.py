"""Whatever is lost, cut, swapped or added in a set is a contradiction that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.backups import Contradiction, VerifyReport, layout, open_set, verify_against
from restoreproof.backups import verify as verify_module
from restoreproof.backups.catalogue import Catalogue

DUMP = "postgres/rows/shop.dump"


def holding(buckets: dict[str, object]) -> dict[str, object]:
    """A catalogue's assets where the buckets are these."""
    return {"assets": {"objects": {"kind": "objects", "holds": {"buckets": buckets}}}}


def verify(directory: Path, catalogue: Catalogue | None) -> VerifyReport:
    return verify_against(open_set(directory, "shop"), catalogue)


def only(report: VerifyReport) -> Contradiction:
    """The one contradiction of ``report``."""
    assert report.contradictions_total == len(report.contradictions)
    (contradiction,) = report.contradictions
    return contradiction


def test_a_sound_set_has_no_contradiction_and_every_byte_of_it_was_read(
    directory: Path, catalogue: Catalogue
) -> None:
    seen: dict[str, int] = {}
    report = verify_against(open_set(directory, "shop"), catalogue, seen.__setitem__)
    files = {path for path in directory.rglob("*") if path.is_file()} - {directory / layout.MANIFEST}
    assert report.sound
    assert report.against_catalogue
    assert (report.artifacts, report.objects, report.blobs, report.blobs_missing) == (5, 20, 20, 0)
    assert report.bytes == sum(path.stat().st_size for path in files) == sum(seen.values())
    assert {directory / path for path in seen} == files


def test_without_a_catalogue_the_report_says_so(directory: Path) -> None:
    report = verify(directory, None)
    assert report.sound
    assert not report.against_catalogue


def test_a_truncated_dump_is_named_with_both_lengths(directory: Path, catalogue: Catalogue) -> None:
    with (directory / DUMP).open("r+b") as file:
        file.truncate(5_000)
    found = only(verify(directory, catalogue))
    assert found == Contradiction(DUMP, "10,005 bytes", "5,000 bytes: truncated")


def test_a_flipped_byte_is_a_wrong_digest(directory: Path, catalogue: Catalogue) -> None:
    with (directory / DUMP).open("r+b") as file:
        file.seek(700)
        file.write(b"\x01")
    found = only(verify(directory, catalogue))
    assert found.artifact == DUMP
    assert found.expected.startswith("SHA-256 ")
    assert found.expected != found.observed


def test_a_missing_artifact_is_named(directory: Path, catalogue: Catalogue) -> None:
    (directory / DUMP).unlink()
    assert only(verify(directory, catalogue)) == Contradiction(DUMP, "a file of 10,005 bytes", "missing")


@pytest.mark.parametrize("path", ["postgres/more.dump", "evil.sh", "objects/index/photos-0001.jsonl"])
def test_a_file_that_nobody_listed_is_named(directory: Path, catalogue: Catalogue, path: str) -> None:
    (directory / path).write_text("x")
    assert only(verify(directory, catalogue)) == Contradiction(
        path, "no such file in the manifest", "a file of 1 bytes"
    )


def test_a_missing_blob_is_named_by_bucket_and_key(directory: Path, catalogue: Catalogue) -> None:
    opened = open_set(directory, "shop")
    lost = next(entry for entry in opened.objects("photos") if entry.key == "photo/7")
    opened.blob(lost.sha256).unlink()
    report = verify(directory, catalogue)
    assert only(report).artifact == "photos/photo/7"
    assert only(report).observed == "missing"
    assert report.blobs_missing == 1


def test_a_blob_with_other_content_of_the_same_length_is_found(directory: Path, catalogue: Catalogue) -> None:
    blob = next(path for path in (directory / layout.BLOBS).rglob("*") if path.is_file())
    blob.write_bytes(b"x" * blob.stat().st_size)
    assert only(verify(directory, catalogue)).artifact == str(blob.relative_to(directory))


def test_a_cut_blob_is_found_by_content_and_by_length(directory: Path, catalogue: Catalogue) -> None:
    blob = next(path for path in (directory / layout.BLOBS).rglob("*") if path.is_file())
    blob.write_bytes(b"")
    artifacts = {found.artifact for found in verify(directory, catalogue).contradictions}
    assert str(blob.relative_to(directory)) in artifacts
    assert any(artifact.startswith("photos/photo/") for artifact in artifacts)


def test_a_stray_file_among_the_blobs_is_found(directory: Path, catalogue: Catalogue) -> None:
    (directory / layout.BLOBS / "readme").write_text("x")
    assert only(verify(directory, catalogue)).artifact == "objects/blobs/readme"


def test_a_manifest_rewritten_to_match_the_damage_contradicts_the_catalogue(
    directory: Path, catalogue: Catalogue, seal: Callable[[Path], object]
) -> None:
    (directory / DUMP).write_bytes(b"PGDMP")
    (directory / layout.MANIFEST).unlink()
    seal(directory)
    assert verify(directory, None).sound
    report = verify(directory, catalogue)
    assert {found.artifact for found in report.contradictions} == {layout.MANIFEST}
    assert any(found.expected == f"SHA-256 {catalogue.manifest_sha256}" for found in report.contradictions)


def test_a_set_of_before_is_read_and_its_merkle_root_counts_for_nothing(
    directory: Path, catalogue: Catalogue
) -> None:
    path = directory / layout.MANIFEST
    older = json.loads(path.read_text()) | {"merkle_root": "0" * 64}
    path.write_text(json.dumps(older))
    assert verify(directory, None).sound
    written = {"manifest_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "merkle_root": "0" * 64}
    of_before = Catalogue.model_validate(catalogue.model_dump(by_alias=True) | written)
    assert verify(directory, of_before).sound
    assert "merkle_root" not in of_before.model_dump()


@pytest.mark.parametrize(
    ("changes", "artifact"),
    [
        ({"set_id": "set-2"}, layout.MANIFEST),
        ({"recovery_point": "2026-11-21T00:00:00Z"}, layout.MANIFEST),
        (holding({"drop": {"objects": 0, "bytes": 0}}), "photos"),
        (holding({"photos": {"objects": 21, "bytes": 1}, "drop": {"objects": 0, "bytes": 0}}), "photos"),
    ],
)
def test_a_catalogue_of_something_else_is_contradicted(
    directory: Path, catalogue: Catalogue, changes: dict[str, object], artifact: str
) -> None:
    other = Catalogue.model_validate(catalogue.model_dump(by_alias=True) | changes)
    assert only(verify(directory, other)).artifact == artifact


def test_a_bucket_that_was_forgotten_contradicts_a_catalogue_that_knows_it(
    directory: Path, catalogue: Catalogue
) -> None:
    known = catalogue.model_dump(by_alias=True)
    known["assets"]["objects"]["holds"]["buckets"]["exports"] = {"objects": 3, "bytes": 9}
    found = only(verify(directory, Catalogue.model_validate(known)))
    assert found == Contradiction("exports", "3 objects, 9 bytes", "0 objects, 0 bytes")


def test_a_forgotten_empty_bucket_is_found_too(directory: Path, catalogue: Catalogue) -> None:
    known = catalogue.model_dump(by_alias=True)
    known["assets"]["objects"]["holds"]["buckets"]["exports"] = {"objects": 0, "bytes": 0}
    assert only(verify(directory, Catalogue.model_validate(known))).observed == "no index"


def test_a_broken_index_is_reported_and_the_rest_is_still_read(directory: Path, catalogue: Catalogue) -> None:
    (directory / layout.shard("photos", 0)).write_text("{}\n")
    report = verify(directory, catalogue)
    assert layout.shard("photos", 0) in {found.artifact for found in report.contradictions}
    assert report.blobs == 20


def test_the_list_is_bounded_and_the_total_is_not(
    directory: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_module, "MAX_CONTRADICTIONS", 5)
    for number in range(12):
        (directory / f"extra-{number}").write_text("x")
    report = verify(directory, catalogue)
    assert (len(report.contradictions), report.contradictions_total) == (5, 12)

"""The figures a set is known by: tree hashes, fingerprints, ids, and the files that hold them."""

from __future__ import annotations

import hashlib
import json
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups import layout, new_id, objects
from restoreproof.backups.catalogue import AssetKnown, BucketKnown, Catalogue
from restoreproof.backups.fingerprint import Fingerprint, fingerprint, object_row
from restoreproof.backups.objects import ObjectEntry, read_index, store_blob, summarise, write_index
from restoreproof.errors import ExitCode, UsageError

ROWS = st.lists(st.binary(max_size=12), max_size=30)


@given(ROWS, st.randoms())
def test_a_fingerprint_does_not_depend_on_order(rows: list[bytes], random: Random) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert fingerprint(shuffled) == fingerprint(rows)


@given(ROWS, st.binary(max_size=12))
def test_a_row_more_or_less_always_shows_even_a_double_one(rows: list[bytes], row: bytes) -> None:
    assert len({fingerprint(rows), fingerprint([*rows, row]), fingerprint([*rows, row, row])}) == 3


@given(ROWS, ROWS)
def test_fingerprints_of_parts_merge_into_that_of_the_whole(left: list[bytes], right: list[bytes]) -> None:
    whole, part = Fingerprint(), Fingerprint()
    for row in left:
        whole.add(row)
    for row in right:
        part.add(row)
    whole.merge(part)
    assert (whole.hexdigest(), whole.count) == (fingerprint(left + right), len(left) + len(right))


@given(st.lists(st.binary(max_size=8).filter(lambda row: b"\n" not in row), max_size=20), st.integers(1, 7))
def test_copied_text_gives_the_same_however_it_is_cut(rows: list[bytes], size: int) -> None:
    copied = b"".join(row + b"\n" for row in rows)
    fed = Fingerprint()
    for start in range(0, len(copied), size):
        fed.feed(copied[start : start + size])
    assert (fed.hexdigest(), fed.count) == (fingerprint(rows), len(rows))


def test_copied_text_that_stops_in_a_row_has_no_fingerprint() -> None:
    fed = Fingerprint()
    fed.feed(b"whole\nhal")
    with pytest.raises(ValueError, match="middle of a row"):
        fed.hexdigest()


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(made[14] == "7" and made[19] in "89ab" for made in ids)
    assert new_id()[:8] >= ids[0][:8]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.integers(0, 9)), max_size=5, unique=True))
def test_no_two_objects_are_written_alike(found: list[tuple[str, int]]) -> None:
    assert len({object_row(key, size, "0" * 64) for key, size in found}) == len(found)


def test_an_index_is_sharded_and_read_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "SHARD_LINES", 10)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    entries = [
        ObjectEntry(f"ключ/{n}\n", n, f"{n:064x}", f"v{n}", "a/b", {"m": "ü"}, {"t": "1"}, moment)
        for n in range(25)
    ]
    summary = write_index(tmp_path, "proofs", iter(entries))
    assert [(tmp_path / layout.shard("proofs", n)).exists() for n in range(4)] == [True, True, True, False]
    assert list(read_index(tmp_path, "proofs")) == entries
    assert summarise(entries) == summary
    assert (summary.objects, summary.bytes) == (25, sum(range(25)))


def test_an_empty_bucket_differs_from_a_forgotten_one(tmp_path: Path) -> None:
    write_index(tmp_path, "empty", [])
    assert list(read_index(tmp_path, "empty")) == []
    with pytest.raises(FileNotFoundError):
        list(read_index(tmp_path, "forgotten"))


def test_a_blob_is_stored_once_however_many_write_it(tmp_path: Path) -> None:
    writers = [threading.Thread(target=store_blob, args=(tmp_path, [b"same", b" content"])) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    (blob,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert blob.read_bytes() == b"same content"
    assert blob == tmp_path / layout.blob(hashlib.sha256(b"same content").hexdigest())


def test_a_blob_whose_source_breaks_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"part"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        store_blob(tmp_path, broken())  # type: ignore[arg-type]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("objects/index/proofs-0000.jsonl", "proofs"),
        ("objects/index/billing_drop-0012.jsonl", "billing_drop"),
        ("objects/index/a-b-12345.jsonl", "a-b"),
        ("objects/index/proofs.jsonl", None),
        ("objects/index/sub/proofs-0000.jsonl", None),
        ("postgres/rows/shop.dump", None),
    ],
)
def test_a_shard_tells_its_bucket(path: str, bucket: str | None) -> None:
    assert layout.bucket_of(path) == bucket


POINT = datetime(2026, 1, 2, 3, tzinfo=UTC)


def test_a_catalogue_comes_back_as_it_went_and_is_its_owners_alone(tmp_path: Path) -> None:
    known = Catalogue(
        set_id="set-1",
        stack="shop",
        taken_at=datetime(2026, 1, 2, 3, tzinfo=UTC),
        recovery_point=datetime(2026, 1, 2, 3, tzinfo=UTC),
        manifest_sha256="0" * 64,
        assets={
            "orders": AssetKnown(kind="postgres", recovery_point=POINT, newest=POINT, holds={"tables": {}}),
            "tapes": AssetKnown(kind="somebody-elses", holds={"reels": [1, {"side": "a"}]}),
            "photos": AssetKnown(kind="objects", holds={"buckets": {"a": {"objects": 1, "bytes": 9}}}),
        },
    )
    path = catalogues.path_of(tmp_path / "var/catalogue", known.set_id)
    catalogues.save(known, path)
    catalogues.save(known, path)
    assert catalogues.load(path) == known
    assert "merkle_root" not in json.loads(path.read_text())
    assert known.buckets == {"a": BucketKnown(objects=1, bytes=9)}
    assert known.newest == {"orders": POINT}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["set-1.json"]


def test_a_catalogue_of_the_first_format_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text('{"schema": "restoreproof/catalogue/v1", "set_id": "s", "tables": {}}')
    with pytest.raises(UsageError, match=r"this catalogue is of format v1, .* v2 is read") as caught:
        catalogues.load(path)
    assert caught.value.where and caught.value.where.file == str(path)
    assert caught.value.hint and "take a new backup" in caught.value.hint


def test_buckets_that_cannot_be_read_are_no_catalogue(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    catalogues.save(catalogue, path)
    path.write_text(path.read_text().replace('"objects": 20', '"objects": "many"'))
    with pytest.raises(UsageError, match="not a catalogue"):
        catalogues.load(path)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"schema": "restoreproof/stack/v1"}'])
def test_what_is_no_catalogue_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "catalogue.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        catalogues.load(path)
    assert caught.value.exit_code is ExitCode.COULD_NOT_START
    assert caught.value.hint

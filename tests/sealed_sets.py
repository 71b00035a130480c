"""A small, sound set and its catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from restoreproof.backups import Manifest, layout, new_id, open_set, write_manifest
from restoreproof.backups.catalogue import AssetKnown, BucketKnown, BucketsKnown, Catalogue
from restoreproof.backups.objects import ObjectEntry, store_blob, summarise, write_index

RECOVERY_POINT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

Seal = Callable[[Path], tuple[Manifest, str]]


def entry(directory: Path, key: str, content: bytes) -> ObjectEntry:
    """The index entry of ``content``, which is stored as a blob."""
    size, sha256 = store_blob(directory, [content])
    return ObjectEntry(key, size, sha256, content_type="text/plain", metadata={"of": key})


@pytest.fixture
def seal() -> Seal:
    """Writes the manifest of a directory."""

    def write(directory: Path) -> tuple[Manifest, str]:
        return write_manifest(
            directory,
            set_id="set-1",
            stack="shop",
            run_id=new_id(),
            recovery_point=RECOVERY_POINT,
            synthetic=True,
            release="1.0.0",
            tool_versions={"pg_dump": "18.6"},
        )

    return write


@pytest.fixture
def directory(tmp_path: Path, seal: Seal) -> Path:
    """A set with a dump, two buckets and a secret."""
    root = tmp_path / "set"
    for path, content in {
        layout.dump("postgres", "rows", "shop"): b"PGDMP" + bytes(10_000),
        layout.globals_of("rows"): b"create role shop;\n",
        layout.ENVIRONMENT: b"age-encryption.org/v1\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    write_index(
        root, "photos", [entry(root, f"photo/{number}", b"photo %d" % number) for number in range(20)]
    )
    write_index(root, "drop", [])
    seal(root)
    return root


@pytest.fixture
def catalogue(directory: Path) -> Catalogue:
    """What is known of ``directory`` from outside."""
    opened = open_set(directory, "shop")
    photos = summarise(opened.objects("photos"))
    buckets = BucketsKnown(
        buckets={
            "photos": BucketKnown(objects=20, bytes=photos.bytes, fingerprint=photos.fingerprint),
            "drop": BucketKnown(objects=0, bytes=0),
        }
    )
    return Catalogue(
        set_id="set-1",
        stack="shop",
        taken_at=RECOVERY_POINT,
        recovery_point=RECOVERY_POINT,
        manifest_sha256=opened.manifest_sha256,
        assets={
            "objects": AssetKnown(kind="objects", holds=buckets.model_dump()),
            "secrets": AssetKnown(kind="secrets", holds={"commitments": {"NAME": "ab"}}),
        },
    )

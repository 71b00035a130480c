"""``manifest.json``: what a backup set says of itself."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt

from restoreproof.backups import layout
from restoreproof.backups.digests import file_sha256, in_threads
from restoreproof.backups.files import write_atomically
from restoreproof.backups.missing import Adoption
from restoreproof.backups.references import AssetName, Reference
from restoreproof.backups.safe_open import check_relative, walk

SCHEMA: Final = "restoreproof/backup-set/v1"
MAX_BYTES = 64 * 1024 * 1024
MAX_ARTIFACTS = 100_000

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$")]
"""Short and tame: names from a manifest end up in paths, messages and reports."""
Utc = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


def _listable(path: str) -> str:
    if check_relative(path) == layout.MANIFEST or layout.is_blob(path):
        raise ValueError(f"{path!r} is not listed in a manifest")
    return path


class Artifact(BaseModel):
    """One ordinary file of a set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, AfterValidator(_listable)]
    bytes: NonNegativeInt
    sha256: Sha256


class Manifest(BaseModel):
    """One recovery point of all assets.

    ``artifacts`` lists every file but the blobs, which the index shards list; so the manifest's own SHA-256,
    which the catalogue holds, covers the blobs too, however many there are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["restoreproof/backup-set/v1"] = Field(default=SCHEMA, alias="schema")
    set_id: Name
    stack: Name
    run_id: Name
    recovery_point: Utc
    synthetic: bool
    release: Name
    tool_versions: dict[Name, Annotated[str, Field(max_length=200)]] = Field(
        default_factory=dict, max_length=200
    )
    artifacts: tuple[Artifact, ...] = Field(max_length=MAX_ARTIFACTS)
    merkle_root: Sha256 | None = Field(default=None, exclude=True, repr=False)
    """Read of older sets and never written: the manifest's own digest binds the same list."""
    adopted: Adoption | None = None
    """Only where the set was made of files that another tool had written."""
    references: dict[AssetName, Reference] | None = Field(default=None, max_length=100)
    """Asset to what a provider keeps of it; None where every part is a file."""

    def artifact(self, path: str) -> Artifact | None:
        """What the manifest says of ``path``."""
        return next((artifact for artifact in self.artifacts if artifact.path == path), None)

    def as_bytes(self) -> bytes:
        """The manifest as it is written."""
        return self.model_dump_json(by_alias=True, indent=1, exclude_none=True).encode() + b"\n"


def new_id() -> str:
    """A fresh id that sorts by time (UUID version 7), for sets and for backup runs."""
    stamp = time.time_ns() // 1_000_000
    value = (stamp << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def write_manifest(
    directory: Path,
    *,
    set_id: str,
    stack: str,
    run_id: str,
    recovery_point: datetime,
    synthetic: bool,
    release: str,
    tool_versions: Mapping[str, str],
    adopted: Adoption | None = None,
    references: Mapping[str, Reference] | None = None,
) -> tuple[Manifest, str]:
    """Digest every file of a finished set, write its manifest, and return it with the manifest's own SHA-256.

    The digest belongs into the catalogue: it is what ties the set to what is known of it from outside.
    """
    listed = [entry.path for entry in walk(directory) if entry.path != layout.MANIFEST]
    paths = [path for path in listed if not layout.is_blob(path)]
    digests = in_threads(lambda path: file_sha256(directory, path), paths)
    artifacts = tuple(
        Artifact(path=path, bytes=size, sha256=sha256)
        for path, (size, sha256) in zip(paths, digests, strict=True)
    )
    manifest = Manifest(
        set_id=set_id,
        stack=stack,
        run_id=run_id,
        recovery_point=recovery_point,
        synthetic=synthetic,
        release=release,
        tool_versions=dict(tool_versions),
        artifacts=artifacts,
        adopted=adopted,
        references=dict(references) if references else None,
    )
    content = manifest.as_bytes()
    write_atomically(directory / layout.MANIFEST, content)
    return manifest, hashlib.sha256(content).hexdigest()

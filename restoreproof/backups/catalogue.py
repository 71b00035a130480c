"""What is known about a backup set from outside it, written when it was taken and kept elsewhere.

Whoever can change a set can change its manifest with it; the catalogue is what they would have to change too.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, NonNegativeInt, ValidationError, model_validator

from restoreproof.backups.files import write_atomically
from restoreproof.backups.manifest import Name, Sha256, Utc
from restoreproof.backups.references import AssetName
from restoreproof.bounded_file import OversizedFile, read_bounded
from restoreproof.errors import Location, UsageError

SCHEMA: Final = "restoreproof/catalogue/v2"
_V1: Final = "restoreproof/catalogue/v1"
COMMITMENTS: Final = "commitments"
"""Keyed digests of secrets (NAME → hex), below the asset that holds them; worth nothing without their key."""
MAX_BYTES = 256 * 1024 * 1024


class Known(BaseModel):
    """A part of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BucketKnown(Known):
    """A bucket as its index sums it up (``objects.BucketSummary``)."""

    objects: NonNegativeInt
    bytes: NonNegativeInt
    fingerprint: Sha256 | None = None


class BucketsKnown(Known):
    """Buckets by the contract's names: the part of what an asset holds that every set is verified against."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    buckets: dict[str, BucketKnown] = Field(default_factory=dict)


class AssetKnown(Known):
    """One asset at its backup.

    Args:
        kind: the kind that wrote ``holds``, as the contract names it.
        recovery_point: the moment (UTC) that this asset was taken of; None where its kind has no snapshot.
        newest: when its newest business record was made (UTC); None where there was none, or no way to tell.
        holds: what a drill has to find of it, in the form of its kind, which alone can read it.
    """

    kind: Name
    recovery_point: Utc | None = None
    newest: Utc | None = None
    holds: dict[str, JsonValue] = Field(default_factory=dict)


class ReissuedFrom(Known):
    """The set that a catalogue was written for first, by its id and the digest of its manifest."""

    set_id: Name
    manifest_sha256: Sha256


class Catalogue(Known):
    """Everything expected of one set: what ties it to the set, and what is known of each asset by its name.

    Parts of kinds that this installation does not have are kept as they are.
    """

    schema_: Literal["restoreproof/catalogue/v2"] = Field(default=SCHEMA, alias="schema")
    set_id: Name
    stack: Name
    taken_at: Utc
    recovery_point: Utc
    manifest_sha256: Sha256
    merkle_root: Sha256 | None = Field(default=None, exclude=True, repr=False)
    """Read of older catalogues and never written: ``manifest_sha256`` binds the same list."""
    release: Name | None = None
    assets: dict[AssetName, AssetKnown] = Field(default_factory=dict)
    reissued_from: ReissuedFrom | None = None
    """Only where it was written again, for a set that was adopted of the same recovery point."""

    @model_validator(mode="after")
    def _buckets_are_read(self) -> Catalogue:
        _ = self.buckets  # verifying a set reads them without asking a kind: no later surprise
        return self

    @property
    def buckets(self) -> dict[str, BucketKnown]:
        """The buckets of all assets, by the contract's names."""
        return {
            name: bucket
            for asset in self.assets.values()
            for name, bucket in BucketsKnown.model_validate(asset.holds).buckets.items()
        }

    @property
    def newest(self) -> dict[str, datetime]:
        """When the newest business record was made (UTC), for each asset that had one."""
        return {name: asset.newest for name, asset in self.assets.items() if asset.newest}

    def without(self, key: str) -> Catalogue:
        """Return the catalogue without what its assets hold under ``key``."""
        kept = {
            name: asset.model_copy(
                update={"holds": {own: value for own, value in asset.holds.items() if own != key}}
            )
            for name, asset in self.assets.items()
        }
        return self.model_copy(update={"assets": kept})


def path_of(directory: Path, set_id: str) -> Path:
    """Where the catalogue of a set is kept by default; ``set_id`` has passed a manifest's own checks."""
    return directory / f"{set_id}.json"


def save(catalogue: Catalogue, path: Path) -> None:
    """Write ``catalogue`` in one piece, readable by its owner only."""
    write_atomically(path, catalogue.model_dump_json(by_alias=True, indent=1).encode() + b"\n")


def load(path: Path) -> Catalogue:
    """The catalogue in ``path``.

    Raises:
        UsageError: it can't be read, is no catalogue, or is one of an older format.
    """
    where = Location(str(path))
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(
            f"can't read the catalogue: {error.strerror}",
            where=where,
            hint="name it with --catalogue; without one, what needs it is not verified",
        ) from error
    except OversizedFile as error:
        raise UsageError(f"the catalogue is not read: {error}", where=where) from error
    try:
        return Catalogue.model_validate_json(content)
    except ValidationError as error:
        if _schema_of(content) == _V1:
            raise UsageError(
                "this catalogue is of format v1, which mixes what is known of different assets; v2 is read",
                where=where,
                hint="take a new backup, which writes a v2 catalogue, or drill this set with the "
                "restoreproof that wrote it",
            ) from error
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "file"
        raise UsageError(
            f"not a catalogue: {at}: {first['msg']}",
            where=where,
            hint="restore it from where the backup job put it",
        ) from error


def _schema_of(content: bytes) -> object:
    """What ``content`` calls its format; None for what is no JSON object."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document.get("schema") if isinstance(document, dict) else None

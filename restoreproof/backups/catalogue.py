"""What is known about a backup set from outside it, written when it was taken and kept elsewhere.

Whoever can change a set can change its manifest with it; the catalogue is what they would have to change too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, NonNegativeInt, ValidationError

from restoreproof.backups.files import write_atomically
from restoreproof.backups.manifest import Name, Sha256, Utc
from restoreproof.backups.references import AssetName
from restoreproof.errors import Location, UsageError

SCHEMA: Final = "restoreproof/catalogue/v1"
MAX_BYTES = 256 * 1024 * 1024


class Known(BaseModel):
    """A part of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TableKnown(Known):
    """Rows of a table; ``fingerprint`` is None where only the count was taken."""

    rows: NonNegativeInt
    fingerprint: Sha256 | None = None


class BucketKnown(Known):
    """A bucket as its index sums it up (``objects.BucketSummary``)."""

    objects: NonNegativeInt
    bytes: NonNegativeInt
    fingerprint: Sha256 | None = None


class DatasetKnown(Known):
    """Rows of a contract dataset at the recovery point."""

    rows: NonNegativeInt


class ChainHead(Known):
    """The last link of one partition of a chain."""

    sequence: int
    hash: str


class ChainKnown(Known):
    """A chain's rows and heads; a chain without partitions has one, under the empty name."""

    rows: NonNegativeInt
    heads: dict[str, ChainHead] = Field(default_factory=dict)


class KeyKnown(Known):
    """A public key that a realm signs with."""

    kid: str
    thumbprint: str


class RealmKnown(Known):
    """The counts of a realm, and its signing keys."""

    users: NonNegativeInt
    clients: NonNegativeInt
    roles: NonNegativeInt
    groups: NonNegativeInt
    credentials: NonNegativeInt = 0
    role_mappings: NonNegativeInt = 0
    jwks: tuple[KeyKnown, ...] = ()


class ReissuedFrom(Known):
    """The set that a catalogue was written for first, by its id and the digest of its manifest."""

    set_id: Name
    manifest_sha256: Sha256


class Catalogue(Known):
    """Everything expected of one set.

    ``tables`` and ``sequences`` go by schema-qualified name, within their database's asset where there are
    several; ``structure`` counts and fingerprints what is no row: policies, grants, constraints, indexes;
    ``letters`` identifies each item of a queue, where the contract says how to tell them apart;
    ``commitments`` are keyed digests of secrets (NAME → hex); ``newest`` is the newest business
    record per asset, None where there was no record; ``assets`` holds what a kind expects of its asset beyond
    these, in a form of its own.
    """

    schema_: Literal["restoreproof/catalogue/v1"] = Field(default=SCHEMA, alias="schema")
    set_id: Name
    stack: Name
    taken_at: Utc
    recovery_point: Utc
    manifest_sha256: Sha256
    merkle_root: Sha256
    release: Name | None = None
    tables: dict[str, TableKnown] = Field(default_factory=dict)
    sequences: dict[str, int | None] = Field(default_factory=dict)
    structure: dict[str, TableKnown] = Field(default_factory=dict)
    buckets: dict[str, BucketKnown] = Field(default_factory=dict)
    datasets: dict[str, DatasetKnown] = Field(default_factory=dict)
    chains: dict[str, ChainKnown] = Field(default_factory=dict)
    queues: dict[str, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    letters: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    identity: dict[str, RealmKnown] = Field(default_factory=dict)
    roles: tuple[str, ...] = ()
    commitments: dict[str, str] = Field(default_factory=dict)
    newest: dict[str, Utc | None] = Field(default_factory=dict)
    assets: dict[AssetName, dict[str, JsonValue]] = Field(default_factory=dict)
    reissued_from: ReissuedFrom | None = None
    """Only where it was written again, for a set that was adopted of the same recovery point."""


def path_of(directory: Path, set_id: str) -> Path:
    """Where the catalogue of a set is kept by default; ``set_id`` has passed a manifest's own checks."""
    return directory / f"{set_id}.json"


def save(catalogue: Catalogue, path: Path) -> None:
    """Write ``catalogue`` in one piece, readable by its owner only."""
    write_atomically(path, catalogue.model_dump_json(by_alias=True, indent=1).encode() + b"\n")


def load(path: Path) -> Catalogue:
    """The catalogue in ``path``.

    Raises:
        UsageError: it can't be read, or is no catalogue.
    """
    where = Location(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"can't read the catalogue: {error.strerror}",
            where=where,
            hint="name it with --catalogue; without one, what needs it is not verified",
        ) from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"a catalogue of more than {MAX_BYTES} bytes is not read", where=where)
    try:
        return Catalogue.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "file"
        raise UsageError(
            f"not a catalogue: {at}: {first['msg']}",
            where=where,
            hint="restore it from where the backup job put it",
        ) from error

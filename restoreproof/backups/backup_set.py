"""Opening a backup set as what it is: somebody else's files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from restoreproof.backups import layout
from restoreproof.backups.manifest import MAX_ARTIFACTS, MAX_BYTES, Manifest
from restoreproof.backups.missing import PartMissing
from restoreproof.backups.objects import ObjectEntry, read_index
from restoreproof.backups.references import Reference
from restoreproof.backups.safe_open import open_file, walk
from restoreproof.bounded_file import OversizedFile, read_open
from restoreproof.errors import ForeignSetError, Location

_WRITE_ONE = "name a directory that `restoreproof backup` has written, or fetch the set again"


@dataclass(frozen=True, slots=True)
class BackupSet:
    """A set that is this stack's and safe to read. Whether it is whole, ``verify_against`` says."""

    directory: Path
    manifest: Manifest
    manifest_sha256: str

    def path(self, relative: str) -> Path:
        """The ordinary file ``relative``, for a tool to read.

        Raises:
            FileNotFoundError: the set has no such file.
            ForeignSetError: it is not an ordinary file inside the set.
        """
        with open_file(self.directory, relative):
            return self.directory / relative

    def has(self, relative: str) -> bool:
        """Whether the manifest lists ``relative``."""
        return self.manifest.artifact(relative) is not None

    def lacks(self, part: str) -> str | None:
        """What follows from an adopted set never having had ``part``, or None if that is not so."""
        adopted = self.manifest.adopted
        return adopted.lacks.get(part) if adopted else None

    @property
    def references(self) -> Mapping[str, Reference]:
        """Every asset whose part is no file of the set, and where its provider keeps it."""
        return self.manifest.references or {}

    def elsewhere(self, part: str) -> str | None:
        """The asset whose reference stands for ``part``, or None if the set itself holds it, or lacks it."""
        return next((name for name, one in self.references.items() if part in one.parts), None)

    def require(self, *parts: str) -> None:
        """Raise PartMissing if the set was adopted without one of ``parts``."""
        for part in parts:
            if reason := self.lacks(part):
                raise PartMissing(part, reason)

    def buckets(self) -> tuple[str, ...]:
        """The buckets that the set has an index of, sorted."""
        names = {layout.bucket_of(artifact.path) for artifact in self.manifest.artifacts}
        return tuple(sorted(name for name in names if name))

    def objects(self, bucket: str) -> Iterator[ObjectEntry]:
        """What the index says was stored in ``bucket``. Raises as ``read_index`` does."""
        return read_index(self.directory, bucket)

    def blob(self, sha256: str) -> Path:
        """The content of that digest. Raises as ``path`` does."""
        return self.path(layout.blob(sha256))


def open_set(directory: Path, stack: str) -> BackupSet:
    """Open the set in ``directory``, which may be a link such as ``var/sets/latest``; nothing in it may.

    Raises:
        ForeignSetError: there is no set, its manifest can't be read, it belongs to another stack, or
            something in it is not safe to open.
    """
    if not directory.is_dir():
        raise ForeignSetError(
            "there is no backup set here",
            where=Location(str(directory)),
            hint="take one with `restoreproof backup`, or name one with --set",
        )
    directory = directory.resolve()
    content = _manifest_bytes(directory)
    manifest = _parse(content, directory / layout.MANIFEST)
    if manifest.stack != stack:
        raise ForeignSetError(
            f"the set is of the stack {manifest.stack!r}, and the contract of {stack!r}",
            where=Location(str(directory)),
            hint="name a set of this stack with --set, or the contract of that one",
        )
    ordinary = sum(not layout.is_blob(entry.path) for entry in walk(directory))
    if ordinary > MAX_ARTIFACTS + 1:
        raise ForeignSetError(f"{ordinary} files are too many for a set", where=Location(str(directory)))
    return BackupSet(directory, manifest, hashlib.sha256(content).hexdigest())


def _manifest_bytes(directory: Path) -> bytes:
    where = Location(str(directory / layout.MANIFEST))
    try:
        with open_file(directory, layout.MANIFEST) as file:
            return read_open(file, MAX_BYTES)
    except OSError as error:
        raise ForeignSetError(
            f"the set's manifest can't be read: {error.strerror}", where=where, hint=_WRITE_ONE
        ) from error
    except OversizedFile as error:
        raise ForeignSetError(f"the set's manifest is not read: {error}", where=where) from error


def _parse(content: bytes, path: Path) -> Manifest:
    where = Location(str(path))
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "file"
        raise ForeignSetError(
            f"the set's manifest is none: {at[:200]}: {first['msg'][:300]}", where=where, hint=_WRITE_ONE
        ) from error
    paths = [artifact.path for artifact in manifest.artifacts]
    if len(set(paths)) < len(paths):
        raise ForeignSetError("the set's manifest lists a path twice", where=where, hint=_WRITE_ONE)
    return manifest

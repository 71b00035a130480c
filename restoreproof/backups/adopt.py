"""A backup set made of what other tools leave: a bare dump, what a provider keeps, whatever else there is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from restoreproof.backups import layout, missing
from restoreproof.backups.basebackup import BaseBackup
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.dumpfile import DumpFile, stamp_of
from restoreproof.backups.manifest import Manifest, new_id, write_manifest
from restoreproof.backups.missing import Adoption
from restoreproof.backups.objects import ObjectEntry, store_blob, write_index
from restoreproof.backups.references import Reference
from restoreproof.backups.safe_open import (
    copy_exactly,
    exact_pieces,
    open_file,
    open_named,
    refuse_links,
    walk,
)
from restoreproof.errors import ForeignSetError, Location, UsageError
from restoreproof.private_files import close_to_others, private_writer

UNKNOWN_RELEASE = "unknown"
RESERVE = 64 * 1024 * 1024
"""Bytes that stay free on the disk that a set is written to."""
_REASONS = {
    missing.ROLES: "what roles may do and how they log in is not known; the drill makes up the contract's",
    missing.CATALOGUE: "nothing outside the set says what must be in it, so no count can be confirmed",
    missing.OBJECTS: "no bucket is restored, and no row's object can be read",
    missing.IDENTITY: "no realm is restored: no user, client or login can be checked",
    missing.SECRETS: "no service that runs with the environment can be started",
    missing.CUSTODY: "no signature can be recomputed, and no signer made",
    missing.PROXY: "no proxy is restored, and nothing can be asked from outside",
    missing.RELEASE: "which release wrote the backup is not known",
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The environment and the key of its commitments, both encrypted with age."""

    environment: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to adopt. ``buckets`` maps the contract's buckets to mirrors of them, None where there
    is none; ``directories`` maps the places of a set (``proxy``, ``custody``, ``release``, and the index of
    buckets that are in place) to directories; ``references`` maps assets to what their providers keep.
    ``base`` stands for roles and every database. ``database`` and ``identity`` name the assets that
    dump, globals and realm are of; empty where there are none.

    ``catalogue`` is what is known of the recovery point from outside, if it is. ``parts`` are those that a
    whole set of the stack has: what its contract has no asset for can't be lacking.
    """

    stack: str
    synthetic: bool
    recovery_point: datetime
    dump: DumpFile | None = None
    base: BaseBackup | None = None
    release: str = UNKNOWN_RELEASE
    globals: Path | None = None
    database: str = ""
    identity: str = ""
    realm: DumpFile | None = None
    secrets: Secrets | None = None
    buckets: Mapping[str, Path | None] = field(default_factory=dict)
    directories: Mapping[str, Path] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    parts: frozenset[str] = frozenset(_REASONS)


def lacks(given: Given) -> dict[str, str]:
    """Every part that a set taken by ``restoreproof backup`` has and this one won't, with what follows."""
    there = {
        missing.ROLES: given.globals or given.base,
        missing.CATALOGUE: given.catalogue,
        missing.OBJECTS: any(given.buckets.values()) or None,
        missing.IDENTITY: given.realm or given.base,
        missing.SECRETS: given.secrets,
        missing.CUSTODY: given.directories.get(layout.CUSTODY),
        missing.PROXY: given.directories.get(layout.PROXY),
        missing.RELEASE: given.directories.get(layout.RELEASE),
    }
    elsewhere = {part for reference in given.references.values() for part in reference.parts}
    wanted = given.parts - elsewhere
    absent = {part: _REASONS[part] for part, what in there.items() if what is None and part in wanted}
    if missing.OBJECTS in wanted and missing.OBJECTS not in absent:
        empty = (bucket for bucket, mirror in given.buckets.items() if mirror is None)
        absent |= {missing.bucket_part(bucket): "there is no mirror of this bucket" for bucket in empty}
    return absent


def adopt(given: Given, out: Path) -> tuple[Manifest, str]:
    """Write the set to ``out``, which must not exist; it appears there whole or not at all.

    Returns the manifest and its SHA-256.

    Raises:
        UsageError: ``out`` exists, or there is no room for it.
        ForeignSetError: a directory holds something that is no ordinary file, or one changed meanwhile.
    """
    if out.exists():
        raise UsageError("there is something already", where=Location(str(out)), hint="name a new directory")
    mirrors = [mirror for mirror in given.buckets.values() if mirror]
    files = [file.path for file in (given.dump, given.realm, given.base) if file]
    roles = [given.globals] if given.globals else []
    refuse_without_room([*files, *roles, *given.directories.values(), *mirrors], out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adopting-", dir=out.parent) as temporary:
        made = Path(temporary) / "set"
        made.mkdir()
        _fill(given, made)
        manifest, sha256 = write_manifest(
            made,
            set_id=new_id(),
            stack=given.stack,
            run_id=new_id(),
            recovery_point=given.recovery_point,
            synthetic=given.synthetic,
            release=given.release,
            tool_versions=_versions(given),
            adopted=Adoption(lacks=lacks(given)),
            references=given.references,
        )
        close_to_others(made)
        made.replace(out)
    return manifest, sha256


def _versions(given: Given) -> dict[str, str]:
    if given.base:
        return {"postgres": given.base.major}
    return {"pg_dump": given.dump.pg_dump, "postgres": given.dump.server} if given.dump else {}


def _fill(given: Given, made: Path) -> None:
    if given.dump:
        _copy_dump(given.dump, made / layout.dump("postgres", given.database, given.dump.database))
    if given.realm:
        _copy_dump(given.realm, made / layout.dump("keycloak", given.identity, given.realm.database))
    if given.globals:
        _copy(given.globals, made / layout.globals_of(given.database))
    if given.secrets:
        (made / layout.ENVIRONMENT).parent.mkdir()
        (made / layout.ENVIRONMENT).write_bytes(given.secrets.environment)
        (made / layout.COMMITMENT).write_bytes(given.secrets.commitment)
    base = {layout.BASE: given.base.path} if given.base else {}
    for place, directory in {**base, **given.directories}.items():
        refuse_links(directory)
        for entry in walk(directory):
            with open_file(directory, entry.path) as source:
                target = made / place / entry.path
                target.parent.mkdir(parents=True, exist_ok=True)
                with private_writer(target) as file:
                    copy_exactly(source, file, directory / entry.path)
    for bucket, mirror in given.buckets.items():
        if mirror:
            write_index(made, bucket, _objects(made, mirror))


def _copy(path: Path, target: Path, stamp: tuple[int, ...] = ()) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_named(path) as source, private_writer(target) as file:
        if stamp and stamp != stamp_of(source):
            raise ForeignSetError("it is not the file that was read", where=Location(str(path)))
        copy_exactly(source, file, path)


def _copy_dump(dump: DumpFile, target: Path) -> None:
    _copy(dump.path, target, dump.stamp)


def refuse_without_room(paths: Iterable[Path], out: Path) -> None:
    """Refuse what would fill the disk, before anything of it is read; a sparse file counts in full.

    Args:
        paths: ordinary files, and directories of them.
        out: where they are to be copied to.

    Raises:
        UsageError: less is free there than they take and ``RESERVE``.
        ForeignSetError: something in a directory is no ordinary file.
    """
    taken = sum(_length(path) for path in paths)
    place = next(parent for parent in (out, *out.parents) if parent.is_dir())
    free = shutil.disk_usage(place).free
    if taken + RESERVE > free:
        raise UsageError(
            f"what is given takes {taken:,} bytes when it is copied, and {free:,} are free",
            where=Location(str(place)),
            hint="name an --out where there is room; a sparse file takes its whole length",
        )


def _length(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(entry.size for entry in walk(path))
    return path.lstat().st_size if path.exists() else 0


def _objects(made: Path, mirror: Path) -> Iterator[ObjectEntry]:
    """Every file of a mirror under its path; its time is the copy's, so no time is stated."""
    refuse_links(mirror)
    for entry in walk(mirror):
        with open_file(mirror, entry.path) as file:
            size, sha256 = store_blob(made, exact_pieces(file, entry.size, mirror / entry.path))
        yield ObjectEntry(key=entry.path, size=size, sha256=sha256)

"""The set as a drill holds it: a copy of its own where that can be had, so that what is restored was hashed.

A set may be on a share that others write to. What was verified there may be replaced before it is restored,
so it is verified where nobody else writes: cloned by the file system (FICLONE, see ioctl_ficlone(2)) or, if
it is small, copied. Only a large set on a file system that clones nothing stays where it is, and is then read
again when the drill is over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, Literal

from restoreproof.backups import layout
from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.safe_open import Entry, open_file, walk
from restoreproof.backups.verify import verify_against
from restoreproof.errors import ForeignSetError

COPIED_AT_MOST = 2 * 1024**3
"""Bytes of a set that is copied where the file system can't clone it."""
_SHARE_OF_FREE = 4
"""A copy takes at most one part in so many of what is free: what is restored needs room as well."""
_CHUNK = 1024 * 1024
_FICLONE: Final = 0x40049409
MAX_CHANGES = 20

How = Literal["cloned", "copied", "in place"]


@dataclass(frozen=True, slots=True)
class HeldSet:
    """A set to verify and restore from; ``how`` it is held, and ``origin`` is where it came from.

    ``stamp`` is over what the file system says of each file: a change of a file changes it.
    """

    backup: BackupSet
    origin: Path
    how: How
    stamp: str


def hold(backup: BackupSet, place: Path) -> HeldSet:
    """Bring ``backup`` into the directory ``place``, which does not exist yet, or leave it where it is.

    Raises:
        ForeignSetError: something in it is not safe to open, or it is the set of another stack by now.
        OSError: there is no room for a copy, or it can't be written.
    """
    origin = backup.directory
    total = sum(entry.size for entry in walk(origin))
    how = _way(origin, place, total)
    if how == "in place":
        return HeldSet(backup, origin, how, _stamp(origin))
    made: set[Path] = set()
    for entry in walk(origin):
        if (folder := (place / entry.path).parent) not in made:
            folder.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
            made.add(folder)
        _bring(origin, place, entry, clone=how == "cloned")
    held = open_set(place, backup.manifest.stack)
    return HeldSet(held, origin, how, _stamp(place))


def changes_of(held: HeldSet, catalogue: Catalogue | None) -> list[str]:
    """Return what became of the set since it was held, in words; an empty list if it is the same.

    A set that was left in place is read again: each byte of it was restored after it was verified.
    """
    try:
        if held.how == "in place":
            now = open_set(held.backup.directory, held.backup.manifest.stack)
            if now.manifest_sha256 != held.backup.manifest_sha256:
                return [f"{layout.MANIFEST}: SHA-256 {now.manifest_sha256}"]
            if contradictions := verify_against(now, catalogue).contradictions:
                return [f"{found.artifact}: {found.observed}" for found in contradictions[:MAX_CHANGES]]
        if _stamp(held.backup.directory) != held.stamp:
            return ["files were written to, moved or replaced"]
    except (ForeignSetError, OSError) as error:
        return [str(error)]
    return []


def _way(origin: Path, place: Path, total: int) -> How:
    place.mkdir(mode=stat.S_IRWXU)
    if _clones(origin, place):
        return "cloned"
    if total <= min(COPIED_AT_MOST, shutil.disk_usage(place).free // _SHARE_OF_FREE):
        return "copied"
    place.rmdir()
    return "in place"


def _clones(origin: Path, place: Path) -> bool:
    """Whether the file system clones a file of ``origin`` into ``place``, by trying."""
    trial = place / layout.MANIFEST
    try:
        with open_file(origin, layout.MANIFEST) as source, trial.open("xb") as target:
            return _cloned(source, target)
    finally:
        trial.unlink(missing_ok=True)


def _cloned(source: BufferedReader, target: IO[bytes]) -> bool:
    try:
        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except OSError:  # another file system, or one that shares no blocks
        return False
    return True


def _bring(origin: Path, place: Path, entry: Entry, *, clone: bool) -> None:
    with open_file(origin, entry.path) as source, (place / entry.path).open("xb") as target:
        if not (clone and _cloned(source, target)):
            # A file that grows is not followed: one byte more is enough to contradict its manifest.
            left = entry.size + 1
            while left > 0 and (chunk := source.read(min(left, _CHUNK))):
                target.write(chunk)
                left -= len(chunk)
        os.fchmod(target.fileno(), os.fstat(source.fileno()).st_mode & stat.S_IRWXU)


def _stamp(directory: Path) -> str:
    digest = hashlib.sha256()
    for entry in walk(directory):
        status = (directory / entry.path).lstat()
        digest.update(f"{entry.path}\0{status.st_ino} {status.st_size} ".encode())
        digest.update(f"{status.st_mtime_ns} {status.st_ctime_ns}\n".encode())
    return digest.hexdigest()

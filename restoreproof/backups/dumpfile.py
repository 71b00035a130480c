"""A ``pg_dump -Fc`` file as pg_restore reads it: whose it is, when it was made, and that it is whole."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from restoreproof.backups.safe_open import open_named
from restoreproof.errors import EnvironmentUnfitError, Location, UsageError
from restoreproof.redaction.server_messages import without_values

MAGIC = b"PGDMP"
TIMEOUT_S = 3600.0
_TAKE_ONE = "take one with `pg_dump -Fc -d DATABASE -f FILE`, and compare its size after copying it"
_ABOUT = re.compile(r"^; +(?P<what>[^:]+?)(?: at|:) (?P<value>.+)$", re.MULTILINE)
NEWER = r"unsupported version \((?P<what>1\.\d+)\) in file header"
"""What pg_restore says of an archive that it is too old for; another version than 1.x is damage."""


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A whole dump. ``created`` is that machine's clock, taken for UTC: a dump names no zone.

    ``stamp`` tells the file that was read from any other in its place.
    """

    path: Path
    database: str
    created: datetime
    server: str
    pg_dump: str
    stamp: tuple[int, ...] = ()


def stamp_of(file: BinaryIO) -> tuple[int, ...]:
    """Return what tells an open file from another, or from itself after somebody wrote to it."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def read_dump(
    path: Path, pg_restore: Path, ids: tuple[int, int] | None = None, confined: Sequence[str] = ()
) -> DumpFile:
    """Read all of the dump at ``path`` with the binary ``pg_restore``; nothing is restored.

    The dump is anybody's: root has it read by the uid and gid of ``ids``, and ``confined`` is what a command
    begins with so that it runs in a sandbox.

    Raises:
        UsageError: it is no such dump, of a newer PostgreSQL than ``pg_restore``, damaged or cut short.
        ForeignSetError: it is a link, or no ordinary file.
        EnvironmentUnfitError: that user may not run ``pg_restore``.
    """
    where = Location(str(path))
    try:
        # Opened once, and here: whoever reads it need not be let into the directory.
        file = open_named(path)
    except FileNotFoundError as error:
        raise UsageError("there is no such dump", where=where, hint=_TAKE_ONE) from error
    with file:
        if file.read(len(MAGIC)) != MAGIC:
            raise UsageError(
                "this is no pg_dump -Fc: plain SQL can't be adopted", where=where, hint=_TAKE_ONE
            )
        reading = partial(_pg_restore, [*confined, str(pg_restore)], path, file, ids=ids)
        about = dict(_ABOUT.findall(reading("--list")))
        reading("--file=/dev/null")
        stamp = stamp_of(file)
    try:
        created = datetime.strptime(about["Archive created"].removesuffix(" UTC"), "%Y-%m-%d %H:%M:%S")
        return DumpFile(
            path,
            about["dbname"],
            created.replace(tzinfo=UTC),
            _version(about["Dumped from database version"]),
            _version(about["Dumped by pg_dump version"]),
            stamp,
        )
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"the dump does not say whose it is: {error}", where=where, hint=_TAKE_ONE
        ) from error


def _version(told: str) -> str:
    """``18.6`` of ``18.6 (Debian 18.6-1.pgdg12+1)``."""
    return told.split(maxsplit=1)[0]


def _pg_restore(
    command: Sequence[str], path: Path, file: BinaryIO, option: str, *, ids: tuple[int, int] | None
) -> str:
    """What pg_restore prints. It gets no environment of ours: no address, no password, no locale."""
    uid, gid = ids or (None, None)
    try:
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # of the descriptor itself: that is what is handed on
        done = subprocess.run(
            [*command, option],
            env={"TZ": "UTC", "LC_ALL": "C"},
            stdin=file,
            capture_output=True,
            timeout=TIMEOUT_S,
            user=uid,
            group=gid,
            extra_groups=[] if ids else None,
            check=False,
        )
    except PermissionError as error:
        raise EnvironmentUnfitError(
            f"{command[0]} can't be run by uid {uid}, which reads a dump in root's place",
            hint="work in a checkout and a venv that others may read",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"pg_restore was not done with it in {TIMEOUT_S:.0f} s", where=Location(str(path))
        ) from error
    if done.returncode != 0:
        said = without_values(done.stderr.decode(errors="replace")).strip()[-400:]
        if newer := re.search(NEWER, said):
            raise UsageError(
                f"the dump is in the archive format {newer[1]}, of a newer pg_dump than this harness has",
                where=Location(str(path)),
                hint="adopt it with a harness that has that PostgreSQL",
            )
        raise UsageError(
            f"the dump can't be read to its end: {said}", where=Location(str(path)), hint=_TAKE_ONE
        )
    return done.stdout.decode(errors="replace")

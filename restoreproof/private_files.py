"""Files and directories that only their owner may read, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

DIRECTORY = 0o700
FILE = 0o600


def make_private_directory(path: Path, *, exist_ok: bool = False) -> Path:
    """Make ``path`` with mode 0700, and return it; what is missing above it gets the umask's mode.

    One that is there already keeps its mode: it is somebody's choice.

    Raises:
        FileExistsError: it is there, and not ``exist_ok``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=DIRECTORY)
    except FileExistsError:
        if not (exist_ok and path.is_dir()):
            raise
        return path
    path.chmod(DIRECTORY)  # a umask may have taken even the owner's rights
    return path


def private(path: str, flags: int) -> int:
    """Open ``path`` for ``open``, as its opener: an ordinary file has mode 0600 before anything is in it."""
    descriptor = os.open(path, flags, FILE)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, FILE)
    return descriptor


def private_writer(path: Path) -> BinaryIO:
    """Open ``path`` to be written anew, mode 0600."""
    return open(path, "wb", opener=private)


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, mode 0600."""
    with private_writer(path) as file:
        file.write(content)


def close_to_others(directory: Path) -> None:
    """Give ``directory`` and all in it the modes 0700 and 0600, whoever wrote it; links are left alone."""
    directory.chmod(DIRECTORY)
    for parent, folders, files in os.walk(directory):
        for mode, names in ((DIRECTORY, folders), (FILE, files)):
            for name in names:
                path = Path(parent, name)
                kind = path.lstat().st_mode
                if not stat.S_ISLNK(kind) and stat.S_IMODE(kind) != mode:
                    path.chmod(mode)


@contextmanager
def closed_to_others(directory: Path) -> Iterator[None]:
    """Let nobody else into ``directory`` until the block is left; one that was moved away stays as it is."""
    mode = stat.S_IMODE(directory.stat().st_mode)
    directory.chmod(DIRECTORY)
    try:
        yield
    finally:
        if directory.is_dir():
            directory.chmod(mode)

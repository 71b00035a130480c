"""Reading a directory that someone else filled: nothing outside it, nothing that is not an ordinary file.

A set is untrusted. A symlink or a second hard link could show files of this machine as part of the set, a
FIFO could hang the reader, a device could do worse; so all of these are refused before anything is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from restoreproof.errors import ForeignSetError, Location

MAX_DEPTH = 12
MAX_PATH_BYTES = 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """An ordinary file in a set, by its path relative to it."""

    path: str
    size: int


def check_relative(path: str) -> str:
    """``path``, if it names something below the directory it is relative to.

    Raises:
        ValueError: it is absolute, climbs, is not in its simplest form, or holds control characters.
    """
    parts = path.split("/")
    simple = all(part not in ("", ".", "..") for part in parts)
    printable = all(character.isprintable() for character in path) and "\\" not in path
    encodable = len(path.encode(errors="replace")) <= MAX_PATH_BYTES and len(parts) <= MAX_DEPTH
    if not (simple and printable and encodable):
        raise ValueError(f"{path[:120]!r} is not a path inside the set")
    return path


def walk(directory: Path) -> Iterator[Entry]:
    """Every ordinary file below ``directory``, sorted within each folder.

    Raises:
        ForeignSetError: something in it is neither a folder nor an ordinary file of its own.
    """
    yield from _walk(directory, "", MAX_DEPTH)


def _walk(directory: Path, prefix: str, depth: int) -> Iterator[Entry]:
    if depth == 0:
        raise _unsafe(directory, f"folders are nested more than {MAX_DEPTH} deep")
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except PermissionError as error:
        raise _unreadable(directory) from error
    for entry in found:
        path = f"{prefix}{entry.name}"
        try:
            check_relative(path)
        except ValueError as error:
            raise _unsafe(directory, str(error)) from error
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(Path(entry.path), f"{path}/", depth - 1)
        else:
            _check_ordinary(Path(entry.path), status)
            yield Entry(path, status.st_size)


def open_file(directory: Path, path: str) -> BufferedReader:
    """Open the ordinary file ``path`` below ``directory``, following no link on the way.

    Raises:
        FileNotFoundError: it is not there.
        ForeignSetError: it is not an ordinary file, or not inside.
    """
    try:
        *folders, name = check_relative(path).split("/")
    except ValueError as error:
        raise _unsafe(directory, str(error)) from error
    at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = _open_at(directory, path, folder, os.O_RDONLY | os.O_DIRECTORY, at)
            os.close(at)
            at = below
        return _open_ordinary(directory, path, name, at)
    finally:
        os.close(at)


def open_named(path: Path) -> BufferedReader:
    """Open the ordinary file that somebody named on a command line; ``path`` itself may be no link.

    On the way there only links of root and of this user are followed: anybody else's could lead root to a
    file of the system's.

    Raises:
        FileNotFoundError: it is not there.
        ForeignSetError: it is a link, or no ordinary file, or somebody else's link leads there.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, absolute() keeps ".."
    parent = _open_parent(absolute)
    try:
        return _open_ordinary(path, "", absolute.name, parent)
    finally:
        os.close(parent)


def refuse_links(directory: Path) -> None:
    """Raise ForeignSetError if ``directory`` is a link, or somebody else's link leads there."""
    absolute = Path(os.path.abspath(directory))  # noqa: PTH100 - as above
    parent = _open_parent(absolute)
    try:
        if absolute.name:
            os.close(_open_at(directory, "", absolute.name, os.O_RDONLY | os.O_DIRECTORY, parent))
    finally:
        os.close(parent)


def _open_parent(absolute: Path) -> int:
    at = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for number, name in enumerate(absolute.parts[1:-1], 2):
            status = os.stat(name, dir_fd=at, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
                raise _unsafe(
                    Path(*absolute.parts[:number]), f"a symbolic link that uid {status.st_uid} made"
                )
            follow = 0 if stat.S_ISLNK(status.st_mode) else os.O_NOFOLLOW
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow, dir_fd=at)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def copy_exactly(source: BinaryIO, target: BinaryIO, where: Path) -> None:
    """Copy ``source`` from its beginning, at the size that it has now: neither more nor less.

    Raises:
        ForeignSetError: it grew or shrank meanwhile.
    """
    source.seek(0)
    for piece in exact_pieces(source, os.fstat(source.fileno()).st_size, where):
        target.write(piece)


def exact_pieces(source: BinaryIO, size: int, where: Path) -> Iterator[bytes]:
    """Yield what is left of ``source``, which has to be ``size`` bytes: neither more nor less.

    Raises:
        ForeignSetError: it is longer or shorter by now.
    """
    left = size
    while left and (piece := source.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece
    if left or source.read(1):
        raise ForeignSetError(
            "it changed while it was read",
            where=Location(str(where)),
            hint="adopt it when whoever writes it is done",
        )


def _open_ordinary(directory: Path, path: str, name: str, at: int) -> BufferedReader:
    """Open the file ``name`` of the folder that is open as ``at``; errors call it ``path``."""
    # Without O_NONBLOCK a FIFO would wait for a writer for ever.
    descriptor = _open_at(directory, path, name, os.O_RDONLY | os.O_NONBLOCK, at)
    try:
        _check_ordinary(directory / path, os.fstat(descriptor))
    except ForeignSetError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _open_at(directory: Path, path: str, name: str, flags: int, at: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise _unreadable(directory / path) from error
    except OSError as error:
        raise _unsafe(directory / path, f"can't be opened, as through a link: {error.strerror}") from error


def _check_ordinary(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _unsafe(path, "a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise _unsafe(path, "neither a folder nor an ordinary file")
    if status.st_nlink > 1:
        raise _unsafe(
            path, f"a hard link: the file has {status.st_nlink} names, and they may be outside the set"
        )


def _unreadable(path: Path) -> ForeignSetError:
    return ForeignSetError(
        "the set can't be read by this user",
        where=Location(str(path)),
        hint=f"give uid {os.getuid()} the right to read it: a drill never runs as root",
    )


def _unsafe(path: Path, reason: str) -> ForeignSetError:
    return ForeignSetError(
        f"the set is not safe to open: {reason}",
        where=Location(str(path)),
        hint="take a plain copy of the set (cp -RL) if you know where it comes from",
    )

"""Where a ledger is kept: in a file, or as objects of a bucket."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from restoreproof.errors import EnvironmentUnfitError, EvidenceError, Location
from restoreproof.verifier.files import MAX_READ


class SequenceConflict(Exception):
    """Somebody else wrote the entry of that number first."""


class Page(Protocol):
    """Ledger while it is read and written."""

    def lines(self) -> list[bytes]:
        """Return every line, with its line break."""

    def append(self, seq: int, line: bytes) -> None:
        """Write line ``seq``, wholly or not at all. Raises SequenceConflict if there is one."""

    def replace_end(self, torn: bytes, line: bytes) -> None:
        """Write ``line`` in place of the ``torn`` end, which is kept beside the ledger."""


class LedgerStorage(Protocol):
    """Place that keeps a ledger."""

    name: str

    def opened(self) -> AbstractContextManager[Page]:
        """Yield the ledger to read and append to, made if there is none."""

    def peek(self) -> list[bytes]:
        """Return every line, for readers that may not write; none if there is no ledger."""


class FileStorage:
    """Ledger in a file, locked while it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    @contextmanager
    def opened(self) -> Iterator[Page]:
        """Lock the file until the context is left.

        Raises:
            EnvironmentUnfitError: the file can't be opened or made.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _unfit(self.path, f"the ledger can't be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _FilePage(self.path, descriptor)
        finally:
            os.close(descriptor)

    def peek(self) -> list[bytes]:
        """Return the lines; none if there is no file. A writer is waited for: no half line is seen."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return _read(file.fileno(), self.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unfit(self.path, f"the ledger can't be read: {error.strerror}") from error


class _FilePage:
    """The locked file, by its descriptor."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def lines(self) -> list[bytes]:
        return _read(self._descriptor, str(self._path))

    def append(self, seq: int, line: bytes) -> None:
        end = os.fstat(self._descriptor).st_size
        try:
            self._write(line, end)
            if end == 0:
                _sync_directory(self._path.parent)
        except OSError as error:
            sentence = f"entry {seq} of the ledger can't be written: {error.strerror}{self._cut_back(end)}"
            raise _unfit(self._path, sentence) from error

    def replace_end(self, torn: bytes, line: bytes) -> None:
        digest = hashlib.sha256(torn).hexdigest()
        kept = self._path.with_name(f"{self._path.name}.torn-{digest[:16]}")
        start = os.fstat(self._descriptor).st_size - len(torn)
        try:
            with kept.open("wb") as file:
                file.write(torn)
                file.flush()
                os.fsync(file.fileno())
            _sync_directory(kept.parent)
            # Written over, then cut: a crash in between leaves a torn line again, and never a false one.
            self._write(line, start)
            os.ftruncate(self._descriptor, start + len(line))
            os.fsync(self._descriptor)
        except OSError as error:
            raise _unfit(self._path, f"the ledger can't be mended: {error.strerror}") from error

    def _write(self, line: bytes, offset: int) -> None:
        """Write all of ``line`` at ``offset``, and wait until the disk has it."""
        view = memoryview(line)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written
        os.fsync(self._descriptor)

    def _cut_back(self, end: int) -> str:
        """Take away what was written of a line after ``end``; returns what to say where that fails, too."""
        try:
            os.ftruncate(self._descriptor, end)
            os.fsync(self._descriptor)
        except OSError as error:
            return f"; what was written of it is still there ({error.strerror}), so its last line is torn"
        return ""


def _read(descriptor: int, name: str) -> list[bytes]:
    size = os.fstat(descriptor).st_size
    if size > MAX_READ:
        raise EvidenceError(
            f"{size:,} bytes are no ledger", where=Location(name), hint="name the ledger's file"
        )
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read(size).splitlines(keepends=True)


def _unfit(path: Path, sentence: str) -> EnvironmentUnfitError:
    return EnvironmentUnfitError(
        sentence,
        where=Location(str(path)),
        hint="see that the disk has room and that this user may read and write there",
    )


def _sync_directory(directory: Path) -> None:
    """Make the disk keep the name of a new file, too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Where a ledger is kept: in a file, or as objects of a bucket."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol


class SequenceConflict(Exception):
    """Somebody else wrote the entry of that number first."""


class Page(Protocol):
    """A ledger while it is read and written."""

    def lines(self) -> list[bytes]:
        """Every line, with its line break."""

    def append(self, seq: int, line: bytes) -> None:
        """Write line ``seq``. Raises SequenceConflict if there is one."""


class LedgerStorage(Protocol):
    """A place that keeps one ledger."""

    name: str

    def opened(self) -> AbstractContextManager[Page]:
        """The ledger to read and append to, made if there is none."""

    def peek(self) -> list[bytes]:
        """Every line, for readers that may not write; none if there is no ledger."""


class FileStorage:
    """A ledger in a file, locked while it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    @contextmanager
    def opened(self) -> Iterator[Page]:
        """Lock the file until the context is left."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield _FilePage(self.path)

    def peek(self) -> list[bytes]:
        """The lines without a lock: an entry is written in one piece."""
        return _FilePage(self.path).lines() if self.path.exists() else []


class _FilePage:
    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[bytes]:
        return self._path.read_bytes().splitlines(keepends=True)

    def append(self, seq: int, line: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(line)

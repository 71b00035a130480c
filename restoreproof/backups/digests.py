"""SHA-256 of many files, side by side and without holding them in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from restoreproof.backups.safe_open import open_file

Task = TypeVar("Task")
Result = TypeVar("Result")

_IN_FLIGHT = 64
_CHUNK = 1024 * 1024


def file_sha256(directory: Path, path: str) -> tuple[int, str]:
    """The length and SHA-256 (hex) of the file ``path`` below ``directory``, read as untrusted."""
    with open_file(directory, path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def bounded_sha256(directory: Path, path: str, limit: int) -> tuple[int, str | None]:
    """The same of a file that should have at most ``limit`` bytes; no digest of one that has more.

    A sparse file of terabytes, or one that grows while it is read, is not read to its end.
    """
    with open_file(directory, path) as file:
        if (size := os.fstat(file.fileno()).st_size) > limit:
            return size, None
        digest, taken = hashlib.sha256(), 0
        while chunk := file.read(min(_CHUNK, limit + 1 - taken)):
            taken += len(chunk)
            if taken > limit:
                return taken, None
            digest.update(chunk)
        return taken, digest.hexdigest()


def in_threads(work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """``work`` of every task, in their order; only so many are under way that memory stays bounded.

    hashlib lets go of the interpreter while it hashes, so threads do run side by side.
    """
    waiting = iter(tasks)
    with ThreadPoolExecutor(min(8, (os.cpu_count() or 2) + 2)) as pool:
        running: list[Future[Result]] = [pool.submit(work, task) for task in islice(waiting, _IN_FLIGHT)]
        while running:
            yield running.pop(0).result()
            running.extend(pool.submit(work, task) for task in islice(waiting, 1))

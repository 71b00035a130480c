"""The directories that every program of a machine may write to, and what came into them during a drill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


class Scratch:
    """Remembers what this user had in the shared directories when it was made."""

    def __init__(self, directories: tuple[Path, ...] = _SHARED) -> None:
        self._directories = directories
        self._before = set(self._own())

    def added(self) -> list[Path]:
        """Return what of this user's is there now and was not then; whoever wrote it can't be told."""
        return sorted(path for path, _ in set(self._own()) - self._before)

    def _own(self) -> Iterator[tuple[Path, int]]:
        for directory in self._directories:
            if not directory.is_dir():
                continue
            with os.scandir(directory) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # gone since it was listed
                    if status.st_uid == os.geteuid():
                        yield Path(entry.path), status.st_ino

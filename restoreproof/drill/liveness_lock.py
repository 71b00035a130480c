"""A sign of life for a work directory: a lock that lasts as long as the process that works there.

It is seen also from where that process's id means nothing, and nobody has to clean it up after ``kill -9``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alive(directory: Path) -> Iterator[None]:
    """Show life for ``directory`` (``VAR/run/…`` or ``VAR/source/…``), which need not exist yet."""
    path = _sign_of(directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    sign = _shown(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(sign)


def _shown(path: Path) -> int:
    """A locked sign at ``path``; another one if somebody took it for a dead one's before it was locked."""
    while True:
        sign = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(sign, fcntl.LOCK_EX)
        try:
            if os.path.samestat(path.stat(), os.fstat(sign)):
                return sign
        except FileNotFoundError:
            pass  # taken away, as below
        os.close(sign)


def is_abandoned(directory: Path) -> bool:
    """Whether nobody shows life for ``directory``: a sign is shown before the directory is made."""
    try:
        with _sign_of(directory).open("rb") as sign:
            fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def forget_the_dead(var: Path) -> list[str]:
    """Remove every sign below ``var`` that nobody shows any more; returns those that could not be."""
    left = []
    signs = var / ".alive"
    for path in sorted(signs.iterdir()) if signs.is_dir() else ():
        try:
            with path.open("rb") as sign:
                fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        except (BlockingIOError, FileNotFoundError):
            continue  # it lives, or ended in order just now
        except OSError as error:
            left.append(f"{path}: {error.strerror}")
    return left


def _sign_of(directory: Path) -> Path:
    return directory.parent.parent / ".alive" / f"{directory.parent.name}-{directory.name}"

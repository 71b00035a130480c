"""Files that somebody else may have made, read whole and never beyond a bound."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


class OversizedFile(ValueError):
    """Raised where a file holds more than is read of its kind, or changes while it is read."""


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the bytes of the ordinary file ``path``, which may hold ``limit`` of them.

    A sparse file is refused by its size, before anything of it is read.

    Raises:
        OSError: it can't be read, or is no ordinary file.
        OversizedFile: it holds more, or grew or shrank while it was read.
    """
    # Without O_NONBLOCK a FIFO would wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
        return read_open(file, limit)


def read_open(file: BufferedReader, limit: int) -> bytes:
    """Return the bytes of an open ordinary file, from its beginning. Raises as ``read_bounded``."""
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise OversizedFile(f"it has {size:,} bytes, and at most {limit:,} are read")
    # Not ``limit``: the buffer for it is made before anything is read.
    content = file.read(size + 1)
    if len(content) != size or os.fstat(file.fileno()).st_size != size:
        raise OversizedFile("it changed while it was read")
    return content

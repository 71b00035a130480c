"""What has to be free before something starts: space on the disk, and ports."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError

_NEEDED_BYTES = 512 * 1024 * 1024


@contextlib.contextmanager
def enough_room(workdir: Path) -> Iterator[None]:
    """Turn a full disk, before or while writing below ``workdir``, into an EnvironmentUnfitError."""
    hint = f"free some space, or put the working directory elsewhere (TMPDIR); it is {workdir}"
    workdir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(workdir).free
    if free < _NEEDED_BYTES:
        raise EnvironmentUnfitError(f"only {free // 2**20} MiB are free for the drill", hint=hint)
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentUnfitError(f"the disk is full: {error}", hint=hint) from error
        raise

"""Writing into a directory that restored code also writes to, without being led out of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path, PurePosixPath

from restoreproof.errors import ContractError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_confined(root: Path, relative: str, content: bytes) -> None:
    """Write ``content`` (mode 0600) to ``relative`` below ``root``, replacing what is there.

    No symbolic link is followed: a service that planted one in its data directory gains nothing.

    Raises:
        ContractError: ``relative`` leads out of ``root``.
        OSError: a parent is a link, or not a directory.
    """
    parts = PurePosixPath(relative).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise ContractError(f"the path {relative!r} of a service's file leads out of its data directory")
    parent = os.open(root, _DIRECTORY)
    try:
        for part in parts[:-1]:
            if not _exists(part, parent):
                os.mkdir(part, 0o700, dir_fd=parent)
            child = os.open(part, _DIRECTORY, dir_fd=parent)
            os.close(parent)
            parent = child
        temporary = f".{secrets.token_hex(8)}"
        with os.fdopen(os.open(temporary, _NEW, 0o600, dir_fd=parent), "wb") as file:
            file.write(content)
        os.rename(temporary, parts[-1], src_dir_fd=parent, dst_dir_fd=parent)
    finally:
        os.close(parent)


def _exists(name: str, directory: int) -> bool:
    return name in os.listdir(directory)

"""What has to be free before something starts: space on the disk, and ports."""

from __future__ import annotations

import contextlib
import errno
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError
from restoreproof.runtimes.process.components.base import Site

_NEEDED_BYTES = 512 * 1024 * 1024


@contextlib.contextmanager
def enough_room(workdir: Path) -> Iterator[None]:
    """A full disk, before or while writing below ``workdir``, becomes an EnvironmentUnfitError."""
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


def refuse_busy_ports(site: Site) -> None:
    """Raise ServiceFailedError if something listens where the service will: its error would say less."""
    for port in (site.service.port, *site.service.ports.values()):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((site.address, port))
            except OSError as error:
                raise ServiceFailedError(
                    f"{site.name}: port {port} on {site.address} is busy: {error.strerror}",
                    hint="another service of the stack listens there: compare the ports in the contract",
                ) from error

"""Ports that have to be free before a service starts."""

from __future__ import annotations

import socket

from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.process.component import Site


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

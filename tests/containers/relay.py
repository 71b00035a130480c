"""A Docker socket that can die: a relay to the real one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DOCKER = "/var/run/docker.sock"


class Relay:
    """Passes connections to ``path`` on to the daemon until it is told to die."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """From now on it is as if the daemon were gone."""
        self._path.unlink(missing_ok=True)
        for one in (self._listener, *self._open):
            # One that its peer has closed already can't be shut down again.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # dead
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.connect(DOCKER)
            self._open += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def relay(path: Path) -> Iterator[Relay]:
    """A relay at ``path``; dead afterwards."""
    one = Relay(path)
    try:
        yield one
    finally:
        one.die()

"""A Docker socket that can die: a relay to the real one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DOCKER = "/var/run/docker.sock"


class Relay:
    """Passes connections to ``path`` on to the daemon until it is told to die.

    With ``until`` it dies by itself: once these texts were asked, one after the other, and the last answered.
    """

    def __init__(self, path: Path, until: Sequence[bytes] = ()) -> None:
        self._path = path
        self._until = list(until)
        self._lock = threading.Lock()
        self.died = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """From now on it is as if the daemon were gone."""
        self.died.set()
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
            last = threading.Event()
            threading.Thread(target=self._ask, args=(client, server, last), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client, last), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._was_last(data):
                    last.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _was_last(self, data: bytes) -> bool:
        with self._lock:
            if self._until and self._until[0] in data:
                self._until.pop(0)
                return not self._until
        return False

    def _answer(self, server: socket.socket, client: socket.socket, last: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if last.is_set():
                    self.die()
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def relay(path: Path, until: Sequence[bytes] = ()) -> Iterator[Relay]:
    """A relay at ``path``; dead afterwards."""
    one = Relay(path, until)
    try:
        yield one
    finally:
        one.die()

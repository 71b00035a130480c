"""A live listener of the harness, which counts who comes."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

SETTLED_S = 30.0
"""How long a connection of our own may take to be counted."""


class Listener:
    """Listener on a free port of ``address``: it takes, counts and closes connections while it is entered.

    Raises:
        OSError: the address is none of this machine.
    """

    def __init__(self, address: str) -> None:
        self._tcp = socket.create_server((address, 0))
        self._lock = threading.Lock()
        self._accepted = 0
        self._own = 0

    def __enter__(self) -> Listener:
        threading.Thread(target=self._accept, name="control", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown wakes the thread that waits in accept; close alone would leave it there.
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self._tcp.getsockname()
        return host, port

    def expect(self, own: int) -> None:
        """Count ``own`` of the connections until now as the harness's."""
        self._settle()
        with self._lock:
            self._own += own

    def strangers(self) -> int:
        """Return how many connections came, until now, that were not said to be the harness's."""
        self._settle()
        with self._lock:
            return self._accepted - self._own

    def _settle(self) -> None:
        """Return once every connection made before this call is counted: they are taken in their order."""
        with socket.create_connection(self.address, timeout=SETTLED_S) as own:
            with self._lock:
                self._own += 1
            own.recv(1)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return  # closed: the drill is over
            with self._lock:
                self._accepted += 1
            connection.close()

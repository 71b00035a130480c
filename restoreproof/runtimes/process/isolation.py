"""Proof that nothing leads out of the drill sandbox: probes that must fail inside and succeed outside.

A probe that fails proves nothing by itself: it might never succeed. So the outer process holds live listeners
(``SandboxControl``), reaches them with the very same functions, and only then asks the inner one to try.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.host.listener import SETTLED_S

_TIMEOUT_S = 2.0
LISTENERS = ("outer-tcp-listener", "outer-unix-listener")
"""The probes that have a positive control."""

# 192.0.2.0/24 and 2001:db8::/32 are reserved for documentation: nobody is there, whatever the outcome.
_FIXED = {
    "egress-ipv4": "192.0.2.1",
    "egress-ipv6": "2001:db8::1",
    "default-route": "/proc/net/route",
    "name-resolution": "example.com",
}


class SandboxControl:
    """Live listeners outside the sandbox, on loopback TCP and on an abstract Unix socket.

    Used as a context manager around the whole drill: ``from_inside`` counts connections that were not the
    outer's own, until the end.
    """

    def __init__(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._name = f"restoreproof-{secrets.token_hex(8)}"
        self._unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._unix.bind(f"\0{self._name}")
        self._unix.listen()
        self._lock = threading.Lock()
        self._accepted = 0
        self._own = 0

    def __enter__(self) -> SandboxControl:
        for listener in (self._tcp, self._unix):
            threading.Thread(target=self._accept, args=(listener,), name="control", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in (self._tcp, self._unix):
            # shutdown wakes the thread that waits in accept; close alone would leave it there.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    @property
    def targets(self) -> dict[str, str]:
        """Targets that the inner process probes, by the name of the probe."""
        host, port = self._tcp.getsockname()
        return {LISTENERS[0]: f"{host}:{port}", LISTENERS[1]: f"@{self._name}", **_FIXED}

    def probe_outside(self) -> list[ProbeResult]:
        """Reach the listeners with the inner process's own functions; all must be reached.

        Returns once the listeners have counted these connections as the outer's own.
        """
        results = probe({name: self.targets[name] for name in LISTENERS})
        with self._lock:
            self._own += sum(result.reached for result in results)
        self._settle()
        return results

    def from_inside(self) -> int:
        """Return how many connections came, until now, that the outer process did not make itself."""
        self._settle()
        with self._lock:
            return self._accepted - self._own

    def _settle(self) -> None:
        """Return once every connection made before this call is counted.

        A listener takes connections in the order in which they came and counts one before it closes it: when
        our own is closed, those before it are counted.
        """
        host, port = self._tcp.getsockname()
        for family, address in ((socket.AF_INET, (host, port)), (socket.AF_UNIX, f"\0{self._name}")):
            with socket.socket(family, socket.SOCK_STREAM) as own:
                own.settimeout(SETTLED_S)
                own.connect(address)
                with self._lock:
                    self._own += 1
                own.recv(1)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed: the drill is over
            with self._lock:
                self._accepted += 1
            connection.close()


def probe(targets: Mapping[str, str]) -> list[ProbeResult]:
    """Try every way out of ``targets`` (probe name to target, as ``SandboxControl.targets`` gives them).

    Raises:
        KeyError: there is no probe of that name.
    """
    return [_try(name, target) for name, target in targets.items()]


def _try(name: str, target: str) -> ProbeResult:
    attempt = _ATTEMPTS[name]
    try:
        return ProbeResult(name, True, f"{target}: {attempt(target)}")
    except OSError as error:
        return ProbeResult(name, False, f"{target}: {error}")


def _tcp(target: str) -> str:
    host, _, port = target.rpartition(":")
    socket.create_connection((host, int(port)), timeout=_TIMEOUT_S).close()
    return "connected"


def _unix(target: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_TIMEOUT_S)
        client.connect(f"\0{target.removeprefix('@')}")
    return "connected"


def _route(family: socket.AddressFamily) -> Callable[[str], str]:
    def attempt(target: str) -> str:
        # connect on a datagram socket asks the kernel for a route and sends nothing.
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.connect((target, 9))
            return f"routed from {client.getsockname()[0]}"

    return attempt


def _default_route(target: str) -> str:
    for line in Path(target).read_text().splitlines()[1:]:
        interface, destination, gateway = line.split()[:3]
        if destination == "00000000":
            return f"default route by {interface}, gateway {gateway}"
    raise OSError("no default route")


def _resolve(target: str) -> str:
    return f"resolved to {socket.getaddrinfo(target, 443)[0][4][0]}"


_ATTEMPTS: Mapping[str, Callable[[str], str]] = {
    LISTENERS[0]: _tcp,
    LISTENERS[1]: _unix,
    "egress-ipv4": _route(socket.AF_INET),
    "egress-ipv6": _route(socket.AF_INET6),
    "default-route": _default_route,
    "name-resolution": _resolve,
}

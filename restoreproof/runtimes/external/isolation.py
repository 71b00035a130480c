"""Whether anything leads out of a target: tried from inside it by the contract's own probe.

The probe is the user's, so it is not believed by itself: what it must not reach is reached from here (the
positive control), and the very same command must reach a service inside the target.

That this machine reaches its own listener says nothing of the way from anywhere else: the kernel delivers
that by itself, past every firewall and translator. So there is something beyond, on another machine, that is
reached over the network; only for a target that runs on this machine is the listener enough.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from restoreproof.errors import ContractError, EnvironmentUnfitError, RestoreproofError
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.driver import IsolationControl
from restoreproof.runtimes.external.block import HOST, PORT, TARGET, THIS_MACHINE, ExternalIsolation
from restoreproof.runtimes.external.commands import Commands, Order
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.runtimes.host.listener import Listener

LISTENER = "outer-tcp-listener"
METADATA = "cloud-metadata"
BEYOND = "beyond"
"""What the name of a probe to something on another machine begins with; what that is called follows."""
BLIND = "probe-is-blind"
"""Not a way out: that the probe reaches nothing at all, not even what is beside it."""
UNDECLARED = "isolation-undeclared"
_METADATA_ADDRESS = "169.254.169.254:80"
_REACHED, _NOT_REACHED = 0, 1
_TIMEOUT_S = 5.0
_DEADLINE_S = 30.0
_ANY = "0.0.0.0"
_OTHERS = "give the address by which other machines reach this one; `hostname -I` prints those it has"
_ELSEWHERE = (
    "name what the target would reach if something led out of it, such as a public HOST:443; "
    f"{THIS_MACHINE} is for one that runs on the very machine that drills"
)


@dataclass(frozen=True, slots=True)
class Undeclared:
    """Control of a contract that does not say how isolation could be shown: it is not shown."""

    targets: dict[str, str]

    def probe_outside(self) -> list[ProbeResult]:
        """Return nothing: the contract names nothing to reach."""
        return []

    def from_inside(self) -> int:
        """Return 0: no probe was told of any address."""
        return 0


@dataclass(frozen=True, slots=True)
class ProbeControl:
    """Control of the probe: a listener, what lies beyond the target, and what else is tried."""

    listener: Listener
    targets: dict[str, str]

    def probe_outside(self) -> list[ProbeResult]:
        """Reach from this machine, by an ordinary connection, all that the probe inside has to miss.

        What is beyond has to be on another machine: this one reaches itself whatever the network is like.
        """
        listener = _connect(LISTENER, self.targets[LISTENER])
        self.listener.expect(int(listener.reached))
        beyond = {name: there for name, there in self.targets.items() if name.startswith(BEYOND)}
        return [listener, *(_over_the_network(name, there) for name, there in beyond.items())]

    def from_inside(self) -> int:
        """Return how many connections came, until now, that the outer process did not make itself."""
        return self.listener.strangers()


@contextmanager
def control(declared: ExternalIsolation | None, neighbour: str | None) -> Iterator[IsolationControl]:
    """Listen where the probe must not come; ``inside`` is the place (HOST:PORT) that it must reach.

    Raises:
        EnvironmentUnfitError: no listener can be had, or a name of what is beyond does not resolve.
    """
    if declared is None or neighbour is None:
        yield Undeclared({UNDECLARED: "external.isolation"})
        return
    # Never a name: a target that can't look it up would pass for one that nothing leads out of.
    address = _resolved("address", declared.address)
    beyond = {f"{BEYOND} {place}": _numbered(place) for place in declared.beyond if place != THIS_MACHINE}
    with _listening(address) as listener:
        there = f"{address}:{listener.address[1]}"
        yield ProbeControl(
            listener, {LISTENER: there, METADATA: _METADATA_ADDRESS, **beyond, BLIND: neighbour}
        )


def refuse_own_address(target: ExternalTarget) -> None:
    """Raise ContractError where the probe would miss what it gets though something led out of the target.

    Raises:
        EnvironmentUnfitError: an address does not resolve.
    """
    isolation = target.block.isolation
    if isolation is None:
        return
    if _is_everybodys(_resolved("address", isolation.address)):
        raise ContractError(
            f"isolation.address {isolation.address!r} is every machine's and container's name for itself, "
            "so the target would seem isolated whatever leads out of it",
            where=target.where("isolation", "address"),
            hint=_OTHERS,
        )
    for number, place in enumerate(isolation.beyond):
        if place != THIS_MACHINE and _is_own(_numbered(place).rpartition(":")[0]):
            raise ContractError(
                f"isolation.beyond {place!r} is this machine, which reaches itself whatever leads out of it",
                where=target.where("isolation", "beyond", number),
                hint=_ELSEWHERE,
            )
    if THIS_MACHINE in isolation.beyond:
        _refuse_elsewhere(target)


def _refuse_elsewhere(target: ExternalTarget) -> None:
    """Raise ContractError if a service of the target is certainly not on this machine."""
    for name in target.block.services:
        try:
            address = target.endpoint(name).address
        except EnvironmentUnfitError:
            continue  # a name that is made with the service: it is of no machine yet
        if not _is_own(address):
            raise ContractError(
                f"isolation.beyond says {THIS_MACHINE}, and {name} is at {address}, which is another one",
                where=target.where("isolation", "beyond"),
                hint=_ELSEWHERE,
            )


def _over_the_network(probe: str, target: str) -> ProbeResult:
    if _is_own(target.rpartition(":")[0]):
        return ProbeResult(probe, False, f"{target}: it is this machine's own address")
    return _connect(probe, target)


def _is_everybodys(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_loopback or ip.is_unspecified


def _is_own(address: str) -> bool:
    """Return whether the kernel delivers to ``address`` without any network, as to its own."""
    if _is_everybodys(address):
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((address, 9))  # sends nothing
        except OSError:
            return False  # no way leads there: it is nobody's that we know
        return str(asked.getsockname()[0]) == address


def _numbered(place: str) -> str:
    host, _, port = place.rpartition(":")
    return f"{_resolved('beyond', host)}:{port}"


def _resolved(key: str, name: str) -> str:
    try:
        return socket.gethostbyname(name)
    except OSError as error:
        raise EnvironmentUnfitError(
            f"isolation.{key} {name!r} is no IPv4 address and no name of one: {error}",
            hint=_OTHERS if key == "address" else _ELSEWHERE,
        ) from error


def _listening(address: str) -> Listener:
    try:
        try:
            return Listener(address)
        except OSError:
            return Listener(_ANY)  # the address is a gateway's that forwards to this machine
    except OSError as error:
        raise EnvironmentUnfitError(f"no listener can be had for the positive control: {error}") from error


def _connect(probe: str, target: str) -> ProbeResult:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_TIMEOUT_S).close()
    except OSError as error:
        return ProbeResult(probe, False, f"{target}: {error}")
    return ProbeResult(probe, True, f"{target}: connected")


class Prober:
    """Prober of the inner process: it runs the contract's probe inside the target."""

    def __init__(self, declared: ExternalIsolation, commands: Commands) -> None:
        self._declared, self._commands = declared, commands

    def ways_out(self, targets: Mapping[str, str]) -> Iterator[ProbeResult]:
        """Try all but the control of the probe itself."""
        for name, target in targets.items():
            if name != BLIND:
                reached, detail = self._reaches(target)
                yield ProbeResult(name, reached, f"{target}: {detail}")

    def blind(self, target: str) -> ProbeResult:
        """Return whether the probe misses even ``target``, which is inside and which it must reach."""
        reached, detail = self._reaches(target, unless=False)
        return ProbeResult(BLIND, not reached, f"inside the target, {target}: {detail}")

    def _reaches(self, target: str, *, unless: bool = True) -> tuple[bool, str]:
        """Return whether ``target`` was reached, and what was seen; ``unless`` where the probe can't say."""
        host, _, port = target.rpartition(":")
        words = {TARGET: target, HOST: host, PORT: port}
        argv = [_put_in(part, words) for part in self._declared.probe]
        try:
            done = self._commands.run(Order(f"the isolation probe to {target}", argv, _DEADLINE_S))
        except RestoreproofError as error:
            return unless, f"the probe failed: {error.message}"
        if done.returncode in (_REACHED, _NOT_REACHED):
            return done.returncode == _REACHED, f"the probe ended with {done.returncode}"
        stderr = done.stderr.strip()[-300:]
        return unless, f"the probe failed, it ended with {done.returncode}: {stderr}"


def _put_in(part: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        part = part.replace(word, value)
    return part

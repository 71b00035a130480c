"""Whether anything leads out of a target: tried from inside it by the contract's own probe.

The probe is the user's, so it is not believed by itself: the listener it must not reach is reached from here
(the positive control), and the very same command must reach a service inside the target.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from restoreproof.contract.external import HOST, PORT, TARGET, ExternalIsolation
from restoreproof.errors import ContractError, EnvironmentUnfitError, RestoreproofError
from restoreproof.runtimes import kinds
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.external.commands import Commands, Order
from restoreproof.runtimes.external.target import Target
from restoreproof.runtimes.listener import Listener

LISTENER = "outer-tcp-listener"
METADATA = "cloud-metadata"
BLIND = "probe-is-blind"
"""Not a way out: that the probe reaches nothing at all, not even what is beside it."""
UNDECLARED = "isolation-undeclared"
_METADATA_ADDRESS = "169.254.169.254:80"
_REACHED, _NOT_REACHED = 0, 1
_TIMEOUT_S = 5.0
_DEADLINE_S = 30.0
_ANY = "0.0.0.0"
_OTHERS = "give the address by which other machines reach this one; `hostname -I` prints those it has"


@dataclass(frozen=True, slots=True)
class Undeclared:
    """The contract does not say how isolation could be shown, so it is not."""

    targets: dict[str, str]

    def probe_outside(self) -> list[ProbeResult]:
        """There is nothing to reach."""
        return []

    def from_inside(self) -> int:
        """Nobody was told where to go."""
        return 0


@dataclass(frozen=True, slots=True)
class Control:
    """A listener that ordinary machines reach, and what else is tried."""

    listener: Listener
    targets: dict[str, str]

    def probe_outside(self) -> list[ProbeResult]:
        """This machine is an ordinary one: it reaches the listener by the address that the probe gets."""
        result = _connect(LISTENER, self.targets[LISTENER])
        self.listener.expect(int(result.reached))
        return [result]

    def from_inside(self) -> int:
        """How many connections came, until now, that the outer did not make itself."""
        return self.listener.strangers()


@contextmanager
def control(declared: ExternalIsolation | None, inside: str | None) -> Iterator[kinds.Control]:
    """Listen where the probe is not to come to; ``inside`` is where it has to.

    Raises:
        EnvironmentUnfitError: no listener can be had.
    """
    if declared is None or inside is None:
        yield Undeclared({UNDECLARED: "external.isolation"})
        return
    # Never a name: a target that can't look it up would pass for one that nothing leads out of.
    address = _resolved(declared.address)
    with _listening(address) as listener:
        there = f"{address}:{listener.address[1]}"
        yield Control(listener, {LISTENER: there, METADATA: _METADATA_ADDRESS, BLIND: inside})


def refuse_own_address(target: Target) -> None:
    """Raise ContractError if the listener's address would lead the probe to itself instead of here.

    Raises:
        EnvironmentUnfitError: the address does not resolve.
    """
    isolation = target.block.isolation
    if isolation is None or not _is_own(_resolved(isolation.address)):
        return
    try:
        beside = target.endpoint(isolation.within).address
    except EnvironmentUnfitError:
        beside = None  # a name that is made with the service: it is of no machine yet
    if beside is None or not _is_own(beside):
        raise ContractError(
            f"isolation.address {isolation.address!r} is every machine's name for itself, "
            "so a target elsewhere would seem isolated whatever leads out of it",
            where=target.where("isolation", "address"),
            hint=_OTHERS,
        )


def _is_own(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_loopback or ip.is_unspecified


def _resolved(address: str) -> str:
    try:
        return socket.gethostbyname(address)
    except OSError as error:
        raise EnvironmentUnfitError(
            f"isolation.address {address!r} is no IPv4 address and no name of one: {error}",
            hint=_OTHERS,
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
    """The inner process's part: runs the contract's probe inside the target."""

    def __init__(self, declared: ExternalIsolation, commands: Commands) -> None:
        self._declared, self._commands = declared, commands

    def ways_out(self, targets: Mapping[str, str]) -> Iterator[ProbeResult]:
        """Try all but the control of the probe itself."""
        for name, target in targets.items():
            if name != BLIND:
                reached, said = self._reaches(target)
                yield ProbeResult(name, reached, f"{target}: {said}")

    def blind(self, target: str) -> ProbeResult:
        """Whether the probe does not even reach ``target``, which is inside; it must."""
        reached, said = self._reaches(target, unless=False)
        return ProbeResult(BLIND, not reached, f"inside the target, {target}: {said}")

    def _reaches(self, target: str, *, unless: bool = True) -> tuple[bool, str]:
        """Whether ``target`` was reached, and what was seen; ``unless`` is the answer if nobody can say."""
        host, _, port = target.rpartition(":")
        words = {TARGET: target, HOST: host, PORT: port}
        argv = [_put_in(part, words) for part in self._declared.probe]
        try:
            done = self._commands.run(Order(f"the isolation probe to {target}", argv, _DEADLINE_S))
        except RestoreproofError as error:
            return unless, f"the probe failed: {error.message}"
        if done.returncode in (_REACHED, _NOT_REACHED):
            return done.returncode == _REACHED, f"the probe ended with {done.returncode}"
        said = done.stderr.strip()[-300:]
        return unless, f"the probe failed, it ended with {done.returncode}: {said}"


def _put_in(part: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        part = part.replace(word, value)
    return part

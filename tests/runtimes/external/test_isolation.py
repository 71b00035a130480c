"""The contract's own probe, with controls that it can't fake: the listener, and what is beside it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from restoreproof.contract.external import ExternalIsolation
from restoreproof.runtimes.external.commands import Commands
from restoreproof.runtimes.external.isolation import BLIND, LISTENER, METADATA, UNDECLARED, Prober, control

CONNECT = "import socket, sys\nsocket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()"


def declared(*probe: str, address: str = "127.0.0.1") -> ExternalIsolation:
    told = () if "{host}" in probe else ("{target}",)
    return ExternalIsolation(probe=(*probe, *told), address=address, within="db")


OPEN = declared(sys.executable, "-c", CONNECT, "{host}", "{port}")


@pytest.fixture
def neighbour() -> Iterator[str]:
    """A service beside the probe."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_the_listener_is_reached_from_an_ordinary_machine_and_nobody_else_came(neighbour: str) -> None:
    with control(OPEN, neighbour) as outside:
        assert [(one.probe, one.reached) for one in outside.probe_outside()] == [(LISTENER, True)]
        assert set(outside.targets) == {LISTENER, METADATA, BLIND}
        assert outside.targets[BLIND] == neighbour
        assert outside.from_inside() == 0


def test_a_probe_that_gets_out_is_seen_by_both_sides(commands: Commands, neighbour: str) -> None:
    with control(OPEN, neighbour) as outside:
        outside.probe_outside()
        targets = {LISTENER: outside.targets[LISTENER], BLIND: neighbour}
        found = {one.probe: one.reached for one in Prober(OPEN, commands).ways_out(targets)}
        assert found == {LISTENER: True}
        assert outside.from_inside() == 1


@pytest.mark.parametrize(
    ("probe", "reached"),
    [
        (["true"], True),
        (["false"], False),
        (["sh", "-c", "echo broken >&2; exit 2"], True),
        (["./there-is-no-such-probe"], True),
    ],
)
def test_only_exit_1_counts_as_not_reached(commands: Commands, probe: list[str], reached: bool) -> None:
    [result] = Prober(declared(*probe), commands).ways_out({LISTENER: "192.0.2.1:9"})
    assert result.reached is reached


def test_a_probe_that_reaches_its_neighbour_is_not_blind(commands: Commands, neighbour: str) -> None:
    assert not Prober(OPEN, commands).blind(neighbour).reached


@pytest.mark.parametrize("probe", [["false"], ["sh", "-c", "exit 2"], ["./there-is-no-such-probe"]])
def test_a_probe_that_reaches_nothing_proves_nothing(commands: Commands, probe: list[str]) -> None:
    result = Prober(declared(*probe), commands).blind("127.0.0.1:9")
    assert (result.probe, result.reached) == (BLIND, True)


def test_without_a_declaration_there_is_something_that_has_to_be_told() -> None:
    with control(None, None) as outside:
        assert set(outside.targets) == {UNDECLARED}
        assert outside.probe_outside() == []


def test_an_address_of_another_machine_is_no_control(neighbour: str) -> None:
    with control(declared("false", address="192.0.2.1"), neighbour) as outside:
        [result] = outside.probe_outside()
        assert not result.reached

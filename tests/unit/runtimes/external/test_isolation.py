"""The contract's own probe, with controls that it can't fake: the listener, and what is beside it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from restoreproof.contract import Contract
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.runtimes.external import isolation
from restoreproof.runtimes.external.block import THIS_MACHINE, ExternalIsolation
from restoreproof.runtimes.external.commands import Commands
from restoreproof.runtimes.external.isolation import (
    BEYOND,
    BLIND,
    LISTENER,
    METADATA,
    UNDECLARED,
    Prober,
    control,
    refuse_own_address,
)
from restoreproof.runtimes.external.target import fill
from tests.addresses import own_address

CONNECT = "import socket, sys\nsocket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()"


def declared(
    *probe: str, address: str = "127.0.0.1", beyond: tuple[str, ...] = (THIS_MACHINE,)
) -> ExternalIsolation:
    told = () if "{host}" in probe else ("{target}",)
    return ExternalIsolation(probe=(*probe, *told), address=address, beyond=beyond, within="db")


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


def test_the_probe_gets_an_address_and_never_a_name_that_it_may_fail_to_look_up(neighbour: str) -> None:
    with control(declared("false", address="localhost"), neighbour) as outside:
        assert outside.targets[LISTENER].startswith("127.0.0.1:")


def test_a_name_that_is_none_is_told(neighbour: str) -> None:
    with (
        pytest.raises(EnvironmentUnfitError, match=r"isolation\.address 'nowhere\.invalid' is no IPv4"),
        control(declared("false", address="nowhere.invalid"), neighbour),
    ):
        pass


def outside_of(beyond: str, neighbour: str) -> dict[str, tuple[bool, str]]:
    with control(declared("false", beyond=(beyond,)), neighbour) as outside:
        return {one.probe: (one.reached, one.detail) for one in outside.probe_outside()}


def test_what_is_beyond_has_to_be_on_another_machine_and_to_be_reached(
    neighbour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{BEYOND} {neighbour}"
    found = outside_of(neighbour, neighbour)
    assert found[LISTENER][0]
    assert found[name] == (False, f"{neighbour}: it is this machine's own address")
    monkeypatch.setattr(isolation, "_is_own", lambda address: False)
    assert outside_of(neighbour, neighbour)[name] == (True, f"{neighbour}: connected")
    assert outside_of("127.0.0.1:9", neighbour)[f"{BEYOND} 127.0.0.1:9"][0] is False


def test_a_probe_that_misses_the_listener_alone_still_gets_out(commands: Commands, neighbour: str) -> None:
    """A machine behind a translator: nobody reaches its listener, and the target has the whole world."""
    block = declared(
        "sh", "-c", f'test "$0" = {neighbour}', address=own_address(), beyond=(neighbour, THIS_MACHINE)
    )
    with control(block, neighbour) as outside:
        assert set(outside.targets) == {LISTENER, METADATA, f"{BEYOND} {neighbour}", BLIND}
        found = {one.probe: one.reached for one in Prober(block, commands).ways_out(outside.targets)}
    assert found == {LISTENER: False, METADATA: False, f"{BEYOND} {neighbour}": True}


def test_what_is_beyond_is_a_number_for_the_probe(neighbour: str) -> None:
    with control(declared("false", beyond=("localhost:9",)), neighbour) as outside:
        assert outside.targets[f"{BEYOND} localhost:9"] == "127.0.0.1:9"
    with (
        pytest.raises(EnvironmentUnfitError, match=r"isolation\.beyond 'nowhere\.invalid' is no IPv4"),
        control(declared("false", beyond=("nowhere.invalid:443",)), neighbour),
    ):
        pass


BLOCK = """\
external:
  marker: $NONCE
  isolation: {probe: [./probe, "{target}"], address: %s, beyond: ["%s"], within: db}
  services:
    db:
      address: %s
      port: 5432
      inside: "db:5432"
      tls: false
      administrator: {user: admin, password: $DB_PASSWORD}
"""
SET = {"NONCE": "0123456789abcdef", "DB_PASSWORD": "a-password-of-db"}
ContractOf = Callable[[str], Contract]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1", "localhost", "0.0.0.0"])
@pytest.mark.parametrize("within", ["192.0.2.7", "made-later.invalid", "127.0.0.1"])
def test_an_address_that_is_the_probes_own_too_is_refused(
    contract_of: ContractOf, address: str, within: str
) -> None:
    """On this machine too: a container reaches nobody's listener by its own loopback address."""
    target = fill(contract_of(BLOCK % (address, "192.0.2.7:443", within)), SET)
    with pytest.raises(ContractError, match="every machine's and container's name for itself") as caught:
        refuse_own_address(target)
    assert "stack.yaml:12" in str(caught.value)


@pytest.mark.parametrize("beyond", ["localhost:443", "127.0.0.1:443", "0.0.0.0:443", "OWN:443"])
def test_what_is_beyond_is_refused_if_it_is_this_machine(contract_of: ContractOf, beyond: str) -> None:
    place = beyond.replace("OWN", own_address())
    with pytest.raises(ContractError, match="is this machine, which reaches itself") as caught:
        refuse_own_address(fill(contract_of(BLOCK % ("192.0.2.1", place, "192.0.2.7")), SET))
    assert "stack.yaml:12" in str(caught.value)


@pytest.mark.parametrize("within", ["localhost", "OWN", "made-later.invalid"])
def test_a_target_of_this_machine_needs_nothing_beyond_it(contract_of: ContractOf, within: str) -> None:
    block = BLOCK % (own_address(), THIS_MACHINE, within.replace("OWN", own_address()))
    refuse_own_address(fill(contract_of(block), SET))


def test_a_target_elsewhere_can_not_pass_for_one_of_this_machine(contract_of: ContractOf) -> None:
    with pytest.raises(ContractError, match=r"beyond says this-machine, and db is at 198\.51\.100\.7"):
        refuse_own_address(fill(contract_of(BLOCK % (own_address(), THIS_MACHINE, "198.51.100.7")), SET))


def test_without_anything_beyond_the_contract_is_none(contract_of: ContractOf) -> None:
    block = BLOCK.replace('beyond: ["%s"], ', "") % ("192.0.2.1", "192.0.2.7")
    with pytest.raises(ContractError, match=r"external\.isolation lacks the key 'beyond'"):
        contract_of(block)

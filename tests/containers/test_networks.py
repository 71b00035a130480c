"""What of a network or container lets the host be reached, asked of the daemon itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest
from docker.types import IPAMConfig, IPAMPool

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose import privileges
from restoreproof.runtimes.compose.doctor import diagnose
from restoreproof.runtimes.compose.inspection import never_started
from restoreproof.runtimes.compose.isolation import GATEWAY, gateway, resolved, run_probes
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner

NAME = f"rp-test-both-protocols-{os.getpid()}"
OTHER = f"rp-test-ordinary-{os.getpid()}"
IMAGE = "restoreproof/wipe-sinks:1"
INHIBIT = {"com.docker.network.bridge.inhibit_ipv4": "true"}


@pytest.fixture
def both(client: docker.DockerClient) -> Iterator[str]:
    """An isolated network, but that it has IPv6 too."""
    made = client.networks.create(
        NAME,
        internal=True,
        enable_ipv6=True,
        options=INHIBIT,
        labels={DRILL: NAME, OWNER: str(Owner.this())},
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="fd5d:6f3e:9a11::/64")]),
    )
    yield str(made.id)
    made.remove()


def test_a_network_with_ipv6_is_refused_for_the_host_has_an_address_there(
    client: docker.DockerClient, both: str
) -> None:
    with pytest.raises(
        EnvironmentUnfitError, match="has IPv6, and by that the host can be reached"
    ) as caught:
        resolved(client, both, f"{GATEWAY} 80")
    assert "enable_ipv6: false" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("settings", "reached"),
    [
        ({}, True),
        ({"internal": True}, True),
        ({"internal": True, "options": INHIBIT}, False),
    ],
)
def test_packets_for_the_world_are_taken_wherever_somebody_is_at_the_end_of_the_route(
    client: docker.DockerClient, settings: dict[str, Any], reached: bool
) -> None:
    """An isolated network may have a default route all the same: it leads to an address that nobody has."""
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    made = client.networks.create(OTHER, labels=labels, **settings)
    try:
        (found,) = run_probes(client, IMAGE, OTHER, {"world": "route 192.0.2.1"}, labels=labels)
    finally:
        made.remove()
    assert found.reached == reached, found.detail


def test_a_next_hop_that_refuses_is_there_all_the_same(client: docker.DockerClient) -> None:
    """As a firewall does that rejects what containers send: the host itself refuses here."""
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    made = client.networks.create(OTHER, labels=labels)
    try:
        (found,) = run_probes(
            client, IMAGE, OTHER, {"host": f"route {gateway(client, OTHER)}"}, labels=labels
        )
    finally:
        made.remove()
    assert found.reached, found.detail


def test_the_control_of_the_privileges_reaches_what_an_ordinary_container_does_not(
    client: docker.DockerClient,
) -> None:
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    found = privileges.probe_control(client, IMAGE, labels)
    assert found.reached
    assert found.detail.startswith("Privileged, PidMode host")
    with never_started(client, IMAGE, labels, security_opt=["no-new-privileges:true"]) as ordinary:
        assert not privileges.probe_privileges("ordinary", ordinary).reached
    assert client.containers.list(all=True, filters={"label": f"{DRILL}={OTHER}"}) == []


def test_two_may_look_at_once_whether_networks_are_isolated(client: docker.DockerClient) -> None:
    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(diagnose, None) for _ in range(2)]
        found = [{one.what: one for one in look.result()}["isolated networks"] for look in looks]
    assert [one.ok for one in found] == [True, True], found
    assert client.networks.list(names=["restoreproof-doctor"]) == []

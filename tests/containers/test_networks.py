"""What of a network or container lets the host be reached, asked of the daemon itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest
from docker.types import IPAMConfig, IPAMPool, LogConfig

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose import mounts, privileges
from restoreproof.runtimes.compose.doctor import diagnose
from restoreproof.runtimes.compose.grants import Grant, container_excess, network_excess
from restoreproof.runtimes.compose.inspection import never_started
from restoreproof.runtimes.compose.isolation import GATEWAY, gateway, resolved, run_probes
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner

NAME = f"rp-test-both-protocols-{os.getpid()}"
OTHER = f"rp-test-ordinary-{os.getpid()}"
IMAGE = "restoreproof/wipe-sinks:1"
ORDINARY: dict[str, Any] = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "user": "10001"}
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
    result = privileges.probe_control(client, IMAGE, labels, f"{OTHER}-privileged")
    assert result.reached
    assert result.detail.startswith("Privileged, PidMode host")
    with never_started(client, IMAGE, labels, network_mode="none", **ORDINARY) as ordinary:
        result = privileges.probe_privileges("ordinary", ordinary, Grant())
        assert not result.reached, result.detail
    assert client.containers.list(all=True, filters={"label": f"{DRILL}={OTHER}"}) == []


def test_the_control_of_the_mounts_finds_the_socket_behind_the_name_of_a_volume(
    client: docker.DockerClient,
) -> None:
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    results = mounts.probe_control(client, IMAGE, labels, f"{OTHER}-mounts")
    assert {result.probe: result.reached for result in results} == {
        mounts.PROBE: True,
        mounts.SOURCES: True,
    }, results
    with never_started(client, IMAGE, labels, network_mode="none", **ORDINARY) as ordinary:
        results = list(mounts.probe_mounts("", ordinary, Grant(), mounts.Volumes(client)))
        assert not any(result.reached for result in results), results
    assert client.volumes.list(filters={"label": f"{DRILL}={OTHER}"}) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"}}, "Sysctls net.ipv6.conf.all.disable_ipv6=0"),
        ({"log_config": LogConfig(type="syslog")}, "LogConfig syslog"),
        ({"restart_policy": {"Name": "always"}}, "RestartPolicy always"),
        ({"cap_drop": []}, "capabilities of Docker's own"),
        ({"extra_hosts": {"host.docker.internal": "host-gateway"}}, "ExtraHosts"),
        ({"group_add": ["998"]}, "GroupAdd"),
        ({"security_opt": ["seccomp=unconfined"]}, "SecurityOpt seccomp=unconfined"),
    ],
)
def test_what_a_container_was_given_beyond_its_grant_is_told_by_the_daemon(
    client: docker.DockerClient, settings: dict[str, Any], said: str
) -> None:
    """The attacks of tests/attack/test_compose_keys.py, past compose and lint."""
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    settings = {**ORDINARY, "network_mode": "none", **settings}
    with never_started(client, IMAGE, labels, **settings) as container:
        assert list(container_excess(container.attrs, Grant())) == [said]


def test_a_network_by_which_the_world_is_reached_is_told_by_its_settings(client: docker.DockerClient) -> None:
    labels = {DRILL: OTHER, OWNER: str(Owner.this())}
    for settings, excess in [
        ({"internal": True, "options": INHIBIT}, []),
        ({"options": INHIBIT}, ["not internal"]),
        ({"internal": True}, ["without com.docker.network.bridge.inhibit_ipv4=true"]),
    ]:
        made = client.networks.create(OTHER, labels=labels, **settings)
        try:
            assert list(network_excess(client.networks.get(OTHER).attrs)) == excess
        finally:
            made.remove()


def test_two_may_look_at_once_whether_networks_are_isolated(client: docker.DockerClient) -> None:
    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(diagnose, None) for _ in range(2)]
        found = [{one.what: one for one in look.result()}["isolated networks"] for look in looks]
    assert [one.ok for one in found] == [True, True], found
    assert not [one for one in client.networks.list() if one.name.endswith("-doctor")]

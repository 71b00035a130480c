"""What of a network lets the host be reached, asked of the daemon itself."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest
from docker.types import IPAMConfig, IPAMPool

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner
from restoreproof.runtimes.compose.probing import GATEWAY, resolved

NAME = "rp-test-both-protocols"


@pytest.fixture
def both(client: docker.DockerClient) -> Iterator[str]:
    """An isolated network, but that it has IPv6 too."""
    made = client.networks.create(
        NAME,
        internal=True,
        enable_ipv6=True,
        options={"com.docker.network.bridge.inhibit_ipv4": "true"},
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

"""What the tests that drill in containers share: their mark, and the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from restoreproof.runtimes.compose.owner import DRILL

Left = Callable[[str], list[str]]
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test of this directory, so that no module can forget it and fail where no daemon is."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.container)


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    """The daemon."""
    connected = docker.from_env()
    yield connected
    connected.close()


@pytest.fixture
def left(client: docker.DockerClient) -> Left:
    """Names what the daemon still holds of a drill."""

    def look(drill_id: str) -> list[str]:
        wanted = {"label": f"{DRILL}={drill_id}"}
        found = [
            *client.containers.list(all=True, filters=wanted),
            *client.networks.list(filters=wanted),
            *client.volumes.list(filters=wanted),
        ]
        return [one.name for one in found]

    return look

"""A plug-in of another distribution, installed beside the wheel into an empty environment, and drilled."""

from __future__ import annotations

import pytest

from tests.own_distribution import (
    FAULTS,
    PLUGIN,
    OwnDistribution,
    assert_noticed,
    assert_verified,
    server_missing,
)
from tests.workshop import Workshop

if reason := server_missing():
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture(scope="module")
def installed(workshop: Workshop) -> OwnDistribution:
    """Library and plug-in, with a backup of the demonstration's stack."""
    own = OwnDistribution(workshop, "plugin-redis")
    own.back_up()
    return own


def test_what_was_backed_up_is_verified(installed: OwnDistribution) -> None:
    assert_verified(installed.drill())


@pytest.mark.parametrize("fault", FAULTS)
def test_each_of_its_faults_is_noticed(installed: OwnDistribution, fault: str) -> None:
    assert_noticed(installed.drill("--fault", fault), fault)


def test_it_conforms(installed: OwnDistribution) -> None:
    places = [f"--rootdir={PLUGIN}", f"--confcutdir={PLUGIN}", "-c", PLUGIN / "pyproject.toml"]
    done = installed.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *places, PLUGIN / "tests")
    assert done.returncode == 0, done.stdout + done.stderr

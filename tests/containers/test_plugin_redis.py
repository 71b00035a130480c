"""A plug-in's component in containers: its stack is drilled there as it is as processes."""

from __future__ import annotations

import pytest

from tests.containers.conftest import Left
from tests.own_distribution import FAULTS, OwnDistribution, assert_noticed, assert_verified, server_missing
from tests.workshop import Workshop

COMPOSE = ("--runtime", "compose")

if reason := server_missing():
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture(scope="module")
def installed(workshop: Workshop) -> OwnDistribution:
    """Library and plug-in, with a backup of the demonstration's stack."""
    own = OwnDistribution(workshop, "plugin-redis", frozenset({"process", "compose"}))
    own.back_up()
    return own


def test_what_was_backed_up_is_verified(installed: OwnDistribution, left: Left) -> None:
    answer = installed.drill(*COMPOSE)
    assert_verified(answer)
    assert left(answer[1]["drill_id"]) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_of_its_faults_is_noticed(installed: OwnDistribution, fault: str) -> None:
    assert_noticed(installed.drill(*COMPOSE, "--fault", fault), fault)

"""What the contract declares of production is compared with the target; what it does not declare is not."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.contract.production import Production
from restoreproof.drill import fidelity
from restoreproof.drill.fidelity import Target, differences, tell_fidelity
from restoreproof.errors import EnvironmentUnfitError

HERE = Target({"db": "18.6"}, {"plpgsql": "1.0"}, frozenset({"C.UTF-8"}), 2**30, 2, 4 * 2**30)
SAME = {
    "engines": {"db": "18.6"},
    "extensions": {"plpgsql": "1.0"},
    "collation": "C.UTF-8",
    "data_gib": 1,
    "machine": {"cpus": 2, "memory_gib": 4},
}


def told(**declared: Any) -> list[tuple[str, str, str]]:
    production = Production.model_validate(declared)
    return [(one.service, one.here, one.there) for one in differences(production, HERE)]


def test_a_target_like_production_differs_in_nothing() -> None:
    assert told(**SAME) == []
    assert told() == []


@pytest.mark.parametrize(
    ("declared", "service", "here", "there"),
    [
        ({"engines": {"db": "18.4"}}, "db", "PostgreSQL 18.6", "PostgreSQL 18.4"),
        ({"engines": {"other": "15.2"}}, "other", "PostgreSQL that was not asked", "PostgreSQL 15.2"),
        ({"extensions": {"postgis": "3.5"}}, "*", "extension postgis absent", "extension postgis 3.5"),
        ({"collation": "de-DE"}, "*", "collation C.UTF-8", "collation de-DE"),
        ({"data_gib": 400}, "*", "1.00 GiB of data", "400 GiB, so times say little of its own"),
        ({"machine": {"cpus": 16}}, "*", "2 CPUs", "16 CPUs"),
        ({"machine": {"memory_gib": 64}}, "*", "4.0 GiB of memory", "64 GiB"),
    ],
)
def test_each_difference_is_told_by_name(declared: Any, service: str, here: str, there: str) -> None:
    assert told(**declared) == [(service, here, there)]


def test_a_difference_is_journaled_as_an_override(
    restoring: Any, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = Production.model_validate({"engines": {"db": "18.4"}})
    monkeypatch.setattr(fidelity, "_look", lambda restoring: HERE)
    tell_fidelity(restoring)
    assert memory.of("override") == []
    object.__setattr__(restoring.ground.contract, "production", production)
    tell_fidelity(restoring)
    (told,) = memory.of("override")
    assert (told["service"], told["name"]) == ("db", "PostgreSQL 18.6")
    assert "production, as the contract declares it, has PostgreSQL 18.4" in told["why"]


def test_a_target_that_can_not_be_asked_is_noted(
    restoring: Any, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: Any) -> Target:
        raise EnvironmentUnfitError("the database is gone")

    monkeypatch.setattr(fidelity, "_look", down)
    object.__setattr__(restoring.ground.contract, "production", Production())
    tell_fidelity(restoring)
    assert "could not be compared" in memory.of("note")[0]["text"]

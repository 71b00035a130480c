"""What the contract declares of production is held against the target; what it does not declare is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restoreproof.contract.production import Production, Subject
from restoreproof.drill import fidelity
from restoreproof.drill.fidelity import Scales, Witness, tell_fidelity
from restoreproof.drill.fidelity import weighing as weighing_module
from restoreproof.drill.fidelity.comparing import NOT_COMPARED, SUBJECTS, Comparison, compare
from restoreproof.drill.fidelity.target import Database, Program, Target
from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import Plan, PlannedCheck

GIB = 2**30
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
ROWS = Database("db", "shop", "18.6", "C.UTF-8", "builtin", "1", GIB, {"plpgsql": "1.0"})
HERE = Target((ROWS,), {"db": Program("18", DIGEST, "image postgres"), "web": Program()}, 2, 4 * GIB)
SAME: dict[str, Any] = {
    "engines": {"db": "18.6"},
    "programs": {"db": DIGEST},
    "extensions": {"plpgsql": "1.0"},
    "collation": "C.UTF-8",
    "collation_version": "1",
    "data_gib": 1,
    "machine": {"cpus": 2, "memory_gib": 4},
}


def told(**declared: Any) -> list[Comparison]:
    return list(compare(Production.model_validate(declared), HERE))


def apart(**declared: Any) -> list[tuple[str, str, str, str | None]]:
    found = told(**declared)
    return [(one.subject, one.service, one.here, one.production) for one in found if one.differs]


def test_every_subject_is_compared() -> None:
    assert set(SUBJECTS) == set(Subject)
    assert {one.subject for one in told()} == set(Subject)


def test_a_target_like_production_differs_in_nothing() -> None:
    assert apart(**SAME) == []
    compared = {one.subject for one in told(**SAME) if one.differs is False}
    assert compared == set(Subject)


def test_what_is_not_declared_is_named_and_not_compared() -> None:
    for one in told():
        assert (one.production, one.differs, one.consequence) == (None, None, NOT_COMPARED)


@pytest.mark.parametrize(
    ("declared", "subject", "service", "here", "there"),
    [
        ({"engines": {"db": "18.4"}}, "engine", "db", "18.6", "18.4"),
        ({"engines": {"other": "15.2"}}, "engine", "other", "not run in this drill", "15.2"),
        ({"engines": {"web": "1.2"}}, "engine", "web", "not told", "1.2"),
        ({"programs": {"db": OTHER}}, "program", "db", f"image postgres, {DIGEST}", OTHER),
        ({"extensions": {"postgis": "3.5"}}, "extension", "*", "no postgis in any", "postgis 3.5"),
        ({"extensions": {"plpgsql": "1.1"}}, "extension", "db", "shop: plpgsql 1.0", "plpgsql 1.1"),
        ({"collation": "de-DE"}, "collation", "db", "shop: builtin C.UTF-8, version 1", "locale de-DE"),
        ({"collation_version": "2.36"}, "collation", "db", "shop: builtin C.UTF-8", "version 2.36"),
        ({"data_gib": 400}, "data-size", "*", "1 GiB in shop", "400 GiB, of which 50% are enough"),
        ({"machine": {"cpus": 16}}, "cpus", "*", "2 CPUs", "16 CPUs"),
        ({"machine": {"memory_gib": 64}}, "memory", "*", "4 GiB", "64 GiB"),
    ],
)
def test_each_difference_is_told_by_name(
    declared: Any, subject: str, service: str, here: str, there: str
) -> None:
    ((said, of, seen, wanted),) = apart(**declared)
    assert (said, of, wanted) == (subject, service, there)
    assert here in seen


def test_another_major_version_is_told_apart_from_another_minor() -> None:
    def of(version: str) -> str:
        return next(one.consequence for one in told(engines={"db": version}) if one.differs)

    assert "another major version" in of("15.2")
    assert "another minor version" in of("18.4")


def test_data_counts_as_enough_from_the_declared_part_on() -> None:
    assert apart(data_gib=2) == []
    assert apart(data_gib=2.1) != []
    assert apart(data_gib=2.1, data_enough=0.4) == []
    assert apart(data_gib=400, data_enough=0) == [], "the objective is judged at the drill's size"


def test_a_service_that_ran_is_remembered_with_its_program(memory: Any) -> None:
    witness = Witness(memory)
    witness.emit("service-started", service="db", version="18", digest=DIGEST, source="image postgres")
    witness.emit("note", text="passed on")
    assert witness.programs == {"db": Program("18", DIGEST, "image postgres")}
    assert [kind for kind, _ in memory.events] == ["service-started", "note"]


def test_every_comparison_is_journaled_and_who_could_not_be_asked_is_noted(
    restoring: Any, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fidelity, "look", lambda *_: replace(HERE, unreached={"keycloak": "it is gone"}))
    object.__setattr__(restoring.ground.contract, "production", Production(engines={"db": "18.4"}))
    tell_fidelity(restoring, {})
    events = memory.of("fidelity")
    assert {event["subject"] for event in events} == set(Subject)
    (one,) = [event for event in events if event["differs"]]
    assert (one["subject"], one["service"], one["here"], one["production"]) == (
        "engine",
        "db",
        "18.6",
        "18.4",
    )
    assert memory.of("note") == [{"text": "the database keycloak could not be compared: it is gone"}]


def planned(*tags: str) -> Plan:
    check = PlannedCheck("o/rto", "Back in time", "Objectives", "o.feature", 1, "smoke", True, tags, ())
    return Plan("shop", "a", "b", "0.1", ("smoke",), (check,), 900, 14400)


@pytest.mark.parametrize(
    ("tags", "declared", "seen", "expected"),
    [
        (("rests-on:data-size",), {"data_gib": 400}, Outcome.PASSED, Outcome.NOT_VERIFIED),
        (("rests-on:data-size",), {"data_gib": 400}, Outcome.FAILED, Outcome.FAILED),
        (("rests-on:data-size",), {"data_gib": 1}, Outcome.PASSED, Outcome.PASSED),
        (("rests-on:data-size",), {}, Outcome.PASSED, Outcome.PASSED),
        (("rests-on:collation",), {"data_gib": 400}, Outcome.PASSED, Outcome.PASSED),
        (("rests-on:collation",), {"collation_version": "2.36"}, Outcome.PASSED, Outcome.NOT_VERIFIED),
        ((), {"data_gib": 400}, Outcome.PASSED, Outcome.PASSED),
    ],
)
def test_what_was_found_right_is_not_verified_where_what_it_rests_on_differs(
    restoring: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    tags: tuple[str, ...],
    declared: Any,
    seen: Outcome,
    expected: Outcome,
) -> None:
    monkeypatch.setattr(weighing_module, "look", lambda *_: HERE)
    object.__setattr__(restoring.ground.contract, "production", Production.model_validate(declared))
    scales = Scales(restoring, planned(*tags), {})
    weighed = scales.weigh("o/rto", Observation(seen, "back in time", "back after 30 s", 1, 1))
    assert weighed.outcome is expected
    assert weighed.observed.startswith("back after 30 s")
    assert ("rests on the" in weighed.observed) == (seen is not expected)

"""What the contract declares of production is held against the target; what it does not declare is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restoreproof.assets.postgres.database import traits_query, unversioned
from restoreproof.contract.production import Production, Subject
from restoreproof.drill.inner.fidelity import Scales, Witness, look, tell_fidelity
from restoreproof.drill.inner.fidelity.differences import NOT_COMPARED, SUBJECTS, Comparison, compare
from restoreproof.drill.inner.fidelity.target import Program, RestoredDatabase, Target, Unasked
from restoreproof.events import Note, ServiceStarted
from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import Plan, PlannedCheck
from restoreproof.runtimes.base import Hardware
from restoreproof.runtimes.registry import driver, names

GIB = 2**30
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
ROWS = RestoredDatabase(
    "18.6", "C.UTF-8", "builtin", "1", GIB, {"plpgsql": "1.0"}, service="db", name="shop", asset="rows"
)
PROGRAMS = {"db": Program("18", DIGEST, "image postgres"), "web": Program()}
HERE = Target((ROWS,), PROGRAMS, Hardware(2, 4 * GIB))
GONE = Unasked("db", "identity", "keycloak", "it is gone")
COMING = replace(GONE, why="not restored: the stage identity was not reached", later=True)
SAME: dict[str, Any] = {
    "engines": {"db": "18.6"},
    "programs": {"db": DIGEST},
    "extensions": {"plpgsql": "1.0"},
    "collation": "C.UTF-8",
    "collation_version": "1",
    "data_gib": 1,
    "machine": {"cpus": 2, "memory_gib": 4},
}


def told(target: Target = HERE, **declared: Any) -> list[Comparison]:
    return list(compare(Production.model_validate(declared), target))


def apart(target: Target = HERE, **declared: Any) -> list[tuple[str, str, str, str | None]]:
    found = told(target, **declared)
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
    assert apart(data_gib=400, data_enough=0.001) == []


@pytest.mark.parametrize(
    ("declared", "subject", "there"),
    [
        ({"collation": "C.UTF-8"}, "collation", "locale C.UTF-8"),
        ({"collation_version": "1"}, "collation", "version 1"),
        ({"collation": {"identity": "C.UTF-8"}}, "collation", "locale C.UTF-8"),
        ({"extensions": {"plpgsql": "1.0"}}, "extension", "plpgsql 1.0"),
    ],
)
def test_a_database_that_could_not_be_asked_is_never_as_in_production(
    declared: Any, subject: str, there: str
) -> None:
    ((said, of, seen, wanted),) = apart(replace(HERE, unasked=(GONE,)), **declared)
    assert (said, of, seen, wanted) == (subject, "db", "keycloak: it is gone", there)


@pytest.mark.parametrize(
    "declared",
    [{one: SAME[one]} for one in ("engines", "extensions", "collation", "collation_version", "data_gib")],
)
def test_what_is_declared_and_could_not_be_compared_at_all_differs(declared: Any) -> None:
    """With no database at all, and nothing told of the programs."""
    empty = Target((), {"db": Program()}, "not told")
    assert len(apart(empty, **declared)) == 1
    assert apart(replace(empty, unasked=(replace(GONE, asset="rows", name="shop"),)), **declared)


def test_a_machine_that_nobody_tells_of_is_never_production_s() -> None:
    elsewhere = replace(HERE, machine="not told: the services do not run on this machine")
    found = apart(elsewhere, machine={"cpus": 2, "memory_gib": 4})
    assert {one[0] for one in found} == {"cpus", "memory"}
    assert all("do not run on this machine" in one[2] for one in found)


@pytest.mark.parametrize(
    ("gib", "differs"), [(62.7, False), (64, False), (67, False), (60, True), (68, True)]
)
def test_memory_is_the_same_within_five_per_cent(gib: float, differs: bool) -> None:
    target = replace(HERE, machine=Hardware(2, int(gib * GIB)))
    assert bool(apart(target, machine={"memory_gib": 64})) is differs


def test_a_collation_may_be_declared_of_one_database_alone() -> None:
    other = replace(ROWS, asset="identity", name="keycloak", collation="de_DE.utf8", provider="libc")
    both = replace(HERE, databases=(ROWS, other))
    assert [one[2] for one in apart(both, collation="C.UTF-8")] == ["keycloak: libc de_DE.utf8, version 1"]
    assert apart(both, collation={"rows": "C.UTF-8", "identity": "de_DE.utf8"}) == []
    assert apart(both, collation={"rows": "C.UTF-8"}) == []
    assert apart(both, collation={"rows": "de_DE.utf8"}) != []
    assert [one[2] for one in apart(both, collation={"page": "C"})] == ["page: no restored database"]


def test_a_server_that_knows_no_versions_of_collations_is_named() -> None:
    database = replace(ROWS, version="14.19", collation_version=None, unversioned=unversioned(140019))
    older = replace(HERE, databases=(database,))
    ((_, _, here, _),) = apart(older, collation_version="2.36")
    assert here == "shop: builtin C.UTF-8, version not told by PostgreSQL 14"
    assert b"pg_database_collation_actual_version" not in traits_query(140019)
    assert b"pg_database_collation_actual_version" in traits_query(150000)


def test_a_service_that_ran_is_remembered_with_its_program(memory: Any) -> None:
    witness = Witness(memory)
    witness.emit(ServiceStarted(service="db", version="18", digest=DIGEST, source="image postgres"))
    witness.emit(Note(text="passed on"))
    assert witness.programs == {"db": Program("18", DIGEST, "image postgres")}
    assert [kind for kind, _ in memory.events] == ["service-started", "note"]


def test_every_comparison_is_journaled_and_who_could_not_be_asked_is_noted(
    restore_context: Any, memory: Any
) -> None:
    object.__setattr__(
        restore_context.stack_context.contract, "production", Production(engines={"db": "18.4"})
    )
    tell_fidelity(restore_context.stack_context, replace(HERE, unasked=(GONE,)))
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


def weigh(
    restore_context: Any, target: Target, tags: tuple[str, ...], declared: Any, seen: Outcome = Outcome.PASSED
) -> Observation:
    contract = restore_context.stack_context.contract
    object.__setattr__(contract, "production", Production.model_validate(declared))
    scales = Scales(contract, planned(*tags), lambda: target)
    return scales.weigh("o/rto", Observation(seen, "back in time", "back after 30 s", 1, 1))


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
    restore_context: Any,
    *,
    tags: tuple[str, ...],
    declared: Any,
    seen: Outcome,
    expected: Outcome,
) -> None:
    weighed = weigh(restore_context, HERE, tags, declared, seen)
    assert weighed.outcome is expected
    assert weighed.observed.startswith("back after 30 s")
    assert ("rests on the" in weighed.observed) == (seen is not expected)


BOTH = replace(
    HERE,
    databases=(ROWS, replace(ROWS, asset="files", name="keycloak", collation="de_DE.utf8")),
    programs={"store": Program("2.0"), "other": Program("3.0")},
    later={"web": "second"},
)
APART = {"engines": {"store": "2.0", "other": "3.1", "web": "1.5"}, "collation": "C.UTF-8"}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("engine", "engine here: 3.0; in production: 3.1"),
        ("engine:store", None),
        ("engine:other", "engine here: 3.0; in production: 3.1"),
        ("engine:web", "engine here: not started: the stage second was not reached; in production: 1.5"),
        ("engine:weeb", "rests on the engine of weeb, which the contract does not have"),
        ("collation", "collation here: keycloak: builtin de_DE.utf8"),
        ("collation:rows", None),
        ("collation:files", "collation here: keycloak: builtin de_DE.utf8"),
    ],
)
def test_a_check_may_rest_on_one_service_or_database_alone(
    restore_context: Any, tag: str, expected: str | None
) -> None:
    weighed = weigh(restore_context, BOTH, (f"rests-on:{tag}",), APART)
    assert weighed.outcome is (Outcome.NOT_VERIFIED if expected else Outcome.PASSED)
    assert expected is None or expected in weighed.observed


def test_what_is_still_to_come_says_nothing_of_a_check_that_looked_before_it(restore_context: Any) -> None:
    early = replace(HERE, programs={"db": Program("18")}, unasked=(COMING,), later={"web": "second"})
    declared = {
        "engines": {"db": "18.6", "web": "1.5"},
        "collation": "C.UTF-8",
        "extensions": {"plpgsql": "1.0"},
    }
    for subject in ("engine", "collation", "extension"):
        assert weigh(restore_context, early, (f"rests-on:{subject}",), declared).outcome is Outcome.PASSED
    never = replace(early, unasked=(GONE,), later={})
    for subject in ("engine", "collation", "extension"):
        assert (
            weigh(restore_context, never, (f"rests-on:{subject}",), declared).outcome is Outcome.NOT_VERIFIED
        )


def test_a_check_that_rests_on_nothing_but_what_is_still_to_come_proves_nothing(restore_context: Any) -> None:
    early = Target((), {}, "not told", (COMING,), {"web": "second"})
    for subject, declared in (("engine", {"engines": {"web": "1.5"}}), ("collation", {"collation": "C"})):
        weighed = weigh(restore_context, early, (f"rests-on:{subject}",), declared)
        assert weighed.outcome is Outcome.NOT_VERIFIED
        assert "was not reached" in weighed.observed


def test_the_stage_tells_what_is_still_to_come(restore_context: Any) -> None:
    stack_context = replace(restore_context.stack_context, stage=lambda: "first")
    seen = look(replace(restore_context, stack_context=stack_context), {}, lambda: None)
    assert seen.later == {"web": "second", "worker": "second", "tool": "second"}
    assert seen.machine == "not told: the services do not run on this machine"
    stack_context = replace(restore_context.stack_context, stage=lambda: "third")
    assert look(replace(restore_context, stack_context=stack_context), {}, lambda: Hardware(1, 1)).later == {}


def test_a_runtime_whose_services_are_elsewhere_tells_of_no_machine() -> None:
    assert {name for name in names() if name != "compose" and driver(name).machine() is None} == {"external"}

"""The restored database against the catalogue, and the figures of the recovery objectives."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.assets.database import TableKnown
from restoreproof.checks.base import Findings
from restoreproof.checks.database import DatabaseSurvey, comparable
from restoreproof.checks.exceptions import Exceptions
from restoreproof.checks.objectives import RecoveryTimeSurvey
from restoreproof.checks.tenants import TenantIsolation
from restoreproof.outcome import Outcome

A, B = "a" * 64, "a" * 63 + "b"


def table(rows: int, fingerprint: str | None = A) -> TableKnown:
    return TableKnown(rows=rows, fingerprint=fingerprint)


def survey(seen: dict[str, TableKnown], known: dict[str, TableKnown] | None) -> DatabaseSurvey:
    same = comparable(seen, known)
    expected = None if known is None else comparable(known)
    roles = dict.fromkeys(seen, "present")
    wanted = None if known is None else dict.fromkeys(known, "present")
    return DatabaseSurvey(same, same, roles, expected, expected, wanted)


KNOWN = {"orders": table(10), "empty": table(0)}


def test_the_same_rows_structure_and_roles_pass() -> None:
    found = survey(KNOWN, KNOWN)
    for said in (found.rows(), found.structures(), found.role_inventory()):
        assert (said.outcome, said.examined, said.of) == (Outcome.PASSED, 2, 2)


@pytest.mark.parametrize(
    ("seen", "finding"),
    [
        ({"orders": table(9), "empty": table(0)}, "orders: expected 10 rows"),
        ({"orders": table(10, B), "empty": table(0)}, "orders: expected 10 rows"),
        ({"orders": table(10)}, "empty: missing"),
        ({**KNOWN, "extra": table(0)}, "extra: not in the catalogue"),
        ({}, "empty: missing"),
    ],
)
def test_every_difference_is_named(seen: dict[str, TableKnown], finding: str) -> None:
    said = survey(seen, KNOWN).rows()
    assert said.outcome is Outcome.FAILED
    assert said.findings[0].startswith(finding)


def test_one_difference_leaves_the_others_counted() -> None:
    told = survey({"orders": table(9), "empty": table(0)}, KNOWN).rows()
    assert (told.examined, told.of, told.observed) == (2, 2, "1 of 2 tables as the catalogue has them")
    lost = survey({"empty": table(0)}, KNOWN).rows()
    assert (lost.examined, lost.of, lost.findings) == (1, 2, ("orders: missing",))


def test_a_table_of_which_only_the_count_was_taken_is_not_said_to_hold_its_rows() -> None:
    known = {"orders": table(10, None), "empty": table(0)}
    counted = survey(KNOWN, known)
    for said in (counted.rows(), counted.structures()):
        assert said.outcome is Outcome.NOT_VERIFIED
        assert "only counted 1 of them" in said.observed and said.observed.endswith(": orders")
    assert counted.role_inventory().outcome is Outcome.PASSED
    assert survey({**KNOWN, "orders": table(9)}, known).rows().outcome is Outcome.FAILED
    assert survey({**KNOWN, "empty": table(0, B)}, known).rows().outcome is Outcome.FAILED


def test_who_has_counts_alone_may_ask_for_counts_alone() -> None:
    known = {"orders": table(10, None), "empty": table(0)}
    said = survey({"orders": table(10, B), "empty": table(0, B)}, known).row_counts()
    assert said.outcome is Outcome.PASSED
    assert said.expected.endswith("by their number alone")
    lost = survey({**KNOWN, "orders": table(9)}, known).row_counts()
    assert (lost.outcome, lost.findings) == (Outcome.FAILED, ("orders: expected 10, found 9",))
    assert survey(KNOWN, None).row_counts().outcome is Outcome.NOT_VERIFIED


def test_without_a_catalogue_and_with_an_empty_one_nothing_passes() -> None:
    none: Any = None
    for known in (none, {}):
        found = survey({}, known)
        for said in (found.rows(), found.structures(), found.role_inventory()):
            assert said.outcome is Outcome.NOT_VERIFIED


def test_exceptions_pass_only_after_something_was_looked_through() -> None:
    found = Findings()
    assert Exceptions("open keys", found, 7, 7).none().outcome is Outcome.PASSED
    assert Exceptions("open keys", found, 0, 0).none().outcome is Outcome.NOT_VERIFIED
    found.add("tenant/key")
    assert Exceptions("open keys", found, 7, 7).none().outcome is Outcome.FAILED


def test_nothing_to_look_through_is_right_where_contract_and_catalogue_say_so() -> None:
    found = Findings()
    assert Exceptions("open keys", found, 0, 0, zero=True).none().outcome is Outcome.PASSED
    assert Exceptions("open keys", found, 0, 7, zero=True).none().outcome is Outcome.FAILED
    assert Exceptions("open keys", found, 0, None, zero=True).none().outcome is Outcome.NOT_VERIFIED
    found.add("tenant/key")
    assert Exceptions("open keys", found, 0, 0, zero=True).none().outcome is Outcome.FAILED


def test_one_row_seen_without_a_tenant_is_a_leak() -> None:
    assert TenantIsolation({"orders": 0, "users": 0}).nothing().outcome is Outcome.PASSED
    said = TenantIsolation({"orders": 1, "users": 0}).nothing()
    assert (said.outcome, said.findings) == (Outcome.FAILED, ("orders: 1 rows visible without a tenant",))
    assert TenantIsolation({}).nothing().outcome is Outcome.NOT_VERIFIED


def test_the_recovery_time_is_held_against_its_objective() -> None:
    assert RecoveryTimeSurvey(14_400.0, 14_400.0).within().outcome is Outcome.PASSED
    assert RecoveryTimeSurvey(14_401.0, 14_400.0).within().outcome is Outcome.FAILED


def test_a_time_in_which_something_was_in_place_is_no_recovery_time_and_a_long_one_is_too_long() -> None:
    said = RecoveryTimeSurvey(30.0, 14_400.0, ("identity", "objects")).within()
    assert said.outcome is Outcome.NOT_VERIFIED
    assert "back after 30 s" in said.observed
    assert "nothing was restored of identity, objects: in place" in said.observed
    assert RecoveryTimeSurvey(14_401.0, 14_400.0, ("objects",)).within().outcome is Outcome.FAILED

"""What is said of a search: only of what was looked into, and never that the rest is clean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from restoreproof.assets.base import RestoreFailed
from restoreproof.checks.base import Findings
from restoreproof.checks.forbidden import ForbiddenSurvey, _file
from restoreproof.outcome import Observation, Outcome


def survey(parts: int, total: int | None, *, found: str = "", closed: str = "") -> Observation:
    findings, unsearched = Findings(), Findings()
    for place in filter(None, [found]):
        findings.add(place)
    for part in filter(None, [closed]):
        unsearched.add(part)
    return ForbiddenSurvey(parts, total, 1_000, ("a key",), findings, (), closed=unsearched).clean()


def test_everything_that_is_there_was_searched_and_holds_nothing() -> None:
    told = survey(313, 313)
    assert (told.outcome, told.examined, told.of) == (Outcome.PASSED, 313, 313)


def test_one_part_more_than_the_catalogue_counted_is_searched_like_the_others() -> None:
    told = survey(314, 313)
    assert (told.outcome, told.examined, told.of) == (Outcome.PASSED, 314, 314)
    assert "where the catalogue counted" not in told.observed


@pytest.mark.parametrize(
    ("parts", "closed", "named"),
    [
        (312, "proofs/1.pdf: its content is not in the set", "proofs/1.pdf: its content is not in the set"),
        (310, "", "3 parts that the catalogue counted and that are not there"),
    ],
)
def test_what_could_not_be_searched_is_not_verified_by_name(parts: int, closed: str, named: str) -> None:
    told = survey(parts, 313, closed=closed)
    assert (told.outcome, told.examined, told.of) == (Outcome.NOT_VERIFIED, parts, 313)
    assert f"not searched: {named}" in told.observed


def test_what_was_found_counts_whatever_could_not_be_searched() -> None:
    told = survey(312, 313, found="a.txt: a key at byte 3", closed="b.txt: torn")
    assert (told.outcome, told.findings) == (Outcome.FAILED, ("a.txt: a key at byte 3",))


def test_without_a_catalogue_nobody_says_how_much_there_is_to_search() -> None:
    assert survey(3, None).outcome is Outcome.NOT_VERIFIED
    assert survey(3, None, found="a.txt: a key at byte 3").outcome is Outcome.FAILED


def test_a_part_whose_content_is_gone_can_not_be_searched() -> None:
    def path(relative: str) -> Any:
        raise FileNotFoundError(relative)

    restore_context: Any = SimpleNamespace(backup=SimpleNamespace(path=path))
    part = _file(restore_context, "proofs/1.pdf", "objects/blobs/00/00")
    with pytest.raises(RestoreFailed, match="its content is not in the set"):
        part.read()

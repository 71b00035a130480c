"""How a count of findings becomes an outcome, by one rule for every check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome

MAX_FINDING_LENGTH = 300


class Findings:
    """Collects what is wrong: at most ``MAX_FINDINGS`` are kept, all are counted."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.total = 0

    def add(self, finding: str) -> None:
        """Note one thing that is wrong. Control characters and excess length are cut here."""
        self.total += 1
        if len(self.listed) < MAX_FINDINGS:
            shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in finding)
            self.listed.append(shown[:MAX_FINDING_LENGTH])


def conclude(
    expected: str,
    observed: str,
    findings: Findings,
    *,
    examined: int,
    total: int | None,
    sample: str = "all",
    zero_is_right: bool = False,
) -> Observation:
    """Turn counts into an outcome, by the same rule for every check.

    Anything found is FAILED; fewer or more examined than the catalogue's ``total`` is FAILED; nothing
    examined, or no independent ``total`` to hold it against, is NOT_VERIFIED: empty is never a pass.

    Args:
        expected: what is right, in words.
        observed: what was seen, in words.
        findings: what is wrong.
        examined: how many items (rows, objects, logins) were looked at.
        total: how many there should have been, by somebody other than the restored stack; None if nobody
            says.
        sample: how the examined items were chosen.
        zero_is_right: whether a ``total`` of nothing is as it should be.
    """
    outcome, seen = Outcome.PASSED, observed
    if findings.total:
        outcome = Outcome.FAILED
    elif total is not None and examined != total:
        outcome, seen = Outcome.FAILED, f"{observed}; {examined} examined where the catalogue counted {total}"
    elif total is None:
        outcome, seen = (
            Outcome.NOT_VERIFIED,
            f"{observed}; nothing outside the set says how many there should be",
        )
    elif examined == 0 and not zero_is_right:
        outcome, seen = Outcome.NOT_VERIFIED, f"{observed}; there was nothing to examine"
    return Observation(
        outcome, expected, seen, examined, total, sample, tuple(findings.listed), findings.total
    )


def compare(expected: str, wanted: Mapping[str, Any], seen: Mapping[str, Any], *, unit: str) -> Observation:
    """Judge a table of named values against the one the catalogue holds; every name is an item."""
    findings = Findings()
    for name in sorted(wanted.keys() | seen.keys()):
        if name not in seen:
            findings.add(f"{name}: missing")
        elif name not in wanted:
            findings.add(f"{name}: not in the catalogue")
        elif wanted[name] != seen[name]:
            findings.add(f"{name}: expected {wanted[name]}, found {seen[name]}")
    same = sum(name in seen and seen[name] == value for name, value in wanted.items())
    observed = f"{same} of {len(wanted)} {unit} as the catalogue has them"
    return conclude(
        expected, observed, findings, examined=len(seen) if not findings.total else 0, total=len(wanted)
    )


def not_verified(expected: str, observed: str) -> Observation:
    """Nothing could be examined, and why."""
    return Observation(Outcome.NOT_VERIFIED, expected, observed)

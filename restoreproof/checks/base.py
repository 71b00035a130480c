"""How a count of findings becomes an outcome, by one rule for every check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome

MAX_FINDING_LENGTH = 300


class Findings:
    """What is wrong: at most ``MAX_FINDINGS`` are listed, all are counted."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.total = 0

    def add(self, finding: str) -> None:
        """Count a finding, and list it without control characters, cut to ``MAX_FINDING_LENGTH``."""
        self.total += 1
        if len(self.listed) < MAX_FINDINGS:
            shown = "".join(
                letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in finding
            )
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
    outcome, sentence = Outcome.PASSED, observed
    if findings.total:
        outcome = Outcome.FAILED
    elif total is not None and examined != total:
        outcome, sentence = (
            Outcome.FAILED,
            f"{observed}; {examined} examined where the catalogue counted {total}",
        )
    elif total is None:
        outcome, sentence = (
            Outcome.NOT_VERIFIED,
            f"{observed}; nothing outside the set says how many there should be",
        )
    elif examined == 0 and not zero_is_right:
        outcome, sentence = Outcome.NOT_VERIFIED, f"{observed}; there was nothing to examine"
    return Observation(
        outcome, expected, sentence, examined, total, sample, tuple(findings.listed), findings.total
    )


def compare(
    expected: str, wanted: Mapping[str, Any], restored: Mapping[str, Any], *, unit: str
) -> Observation:
    """Compare the ``restored`` values by name with the catalogue's ``wanted``; each name is an item."""
    findings = Findings()
    for name in sorted(wanted.keys() | restored.keys()):
        if name not in restored:
            findings.add(f"{name}: missing")
        elif name not in wanted:
            findings.add(f"{name}: not in the catalogue")
        elif wanted[name] != restored[name]:
            findings.add(f"{name}: expected {wanted[name]}, found {restored[name]}")
    same = sum(name in restored and restored[name] == value for name, value in wanted.items())
    observed = f"{same} of {len(wanted)} {unit} as the catalogue has them"
    compared = len(wanted.keys() & restored.keys())
    return conclude(expected, observed, findings, examined=compared, total=len(wanted))


def not_verified(expected: str, observed: str) -> Observation:
    """Return NOT_VERIFIED: nothing could be examined, for the reason in ``observed``."""
    return Observation(Outcome.NOT_VERIFIED, expected, observed)

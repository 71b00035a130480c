"""How a count of findings becomes an outcome, by one rule for every check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome, outcome_of

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

    The rule is ``outcome.outcome_of``; the reduction of a drill's journal applies it again.

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
    outcome = outcome_of(examined, total, findings.total, zero_is_right=zero_is_right)
    sentence = observed
    if total is None and not findings.total:
        sentence = f"{observed}; nothing outside the set says how many there should be"
    elif examined != total and not findings.total:
        sentence = f"{observed}; {examined} examined where the catalogue counted {total}"
    elif outcome is Outcome.NOT_VERIFIED:
        sentence = f"{observed}; there was nothing to examine"
    return Observation(
        outcome=outcome,
        expected=expected,
        observed=sentence,
        examined=examined,
        of=total,
        sample=sample,
        findings=tuple(findings.listed),
        findings_total=findings.total,
        zero_is_right=zero_is_right,
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

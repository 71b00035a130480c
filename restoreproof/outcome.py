"""What a check may end as, what a drill may end as, and the one rule that leads from these to that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from restoreproof.errors import ExitCode

MAX_FINDINGS = 20
"""How many offending items an observation lists; the total is always given."""


class Outcome(StrEnum):
    """Outcome of one check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_VERIFIED = "NOT_VERIFIED"
    ERROR = "ERROR"
    WAIVED = "WAIVED"


class Verdict(StrEnum):
    """Verdict of a whole drill."""

    VERIFIED = "VERIFIED"
    VERIFIED_WITH_WAIVERS = "VERIFIED WITH WAIVERS"
    FAILED = "FAILED"
    NOT_VERIFIED = "NOT VERIFIED"
    PARTIAL = "PARTIAL"

    def exit_code(self, *, waivers_allowed: bool = False) -> ExitCode:
        """Return the exit code a pipeline gates on. Waivers pass only where the contract's policy allows."""
        match self:
            case Verdict.VERIFIED:
                return ExitCode.VERIFIED
            case Verdict.VERIFIED_WITH_WAIVERS:
                return ExitCode.VERIFIED if waivers_allowed else ExitCode.NOT_VERIFIED
            case Verdict.FAILED:
                return ExitCode.FAILED
            case _:
                return ExitCode.NOT_VERIFIED


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured fact: what was expected, what was seen, and of how many.

    ``examined`` and ``of`` count items (rows, objects, logins); both are None only where counting makes
    no sense. ``sample`` says how the examined items were chosen; ``zero_is_right`` that there should be
    none. ``findings`` lists at most ``MAX_FINDINGS`` offending items, already free of secrets;
    ``findings_total`` counts all.
    """

    outcome: Outcome
    expected: str
    observed: str
    examined: int | None = None
    of: int | None = None
    sample: str = "all"
    findings: tuple[str, ...] = ()
    findings_total: int = 0
    zero_is_right: bool = False


def outcome_of(examined: int | None, total: int | None, findings: int, *, zero_is_right: bool) -> Outcome:
    """Return the outcome that counts have, by the one rule for every check.

    Anything found is FAILED; fewer or more examined than ``total`` is FAILED; nothing examined, or no
    ``total`` to compare with, is NOT_VERIFIED: empty is never a pass.

    Args:
        examined: how many items were looked at; None if nothing was counted.
        total: how many there should have been, by somebody other than the restored stack; None if nobody
            says.
        findings: how many things are wrong.
        zero_is_right: whether a ``total`` of nothing is as it should be.
    """
    if findings or (examined is not None and total is not None and examined != total):
        return Outcome.FAILED
    if examined is None or total is None or (examined == 0 and not zero_is_right):
        return Outcome.NOT_VERIFIED
    return Outcome.PASSED


class NotPassed(Exception):
    """Base of the two errors by which an observation stops a scenario."""

    def __init__(self, observation: Observation) -> None:
        listed = "".join(f"\n  - {finding}" for finding in observation.findings)
        more = observation.findings_total - len(observation.findings)
        tail = f"\n  … and {more} more" if more > 0 else ""
        super().__init__(f"expected {observation.expected}; observed {observation.observed}{listed}{tail}")
        self.observation = observation


class CheckFailed(NotPassed, AssertionError):
    """Raised where the restored stack contradicts the expectation; Allure shows it as failed."""


class CheckNotVerified(NotPassed):
    """Raised where nothing could be examined; Allure shows it as broken."""


def require_passed(observation: Observation) -> None:
    """Raise unless ``observation`` passed.

    Raises:
        CheckFailed: it is FAILED.
        CheckNotVerified: it is anything else but PASSED.
    """
    if observation.outcome is Outcome.FAILED:
        raise CheckFailed(observation)
    if observation.outcome is not Outcome.PASSED:
        raise CheckNotVerified(observation)


def decide(mandatory: Iterable[Outcome], *, isolated: bool, complete: bool, whole: bool) -> Verdict:
    """Return the verdict of a drill, by the first rule that holds.

    Args:
        mandatory: the outcomes of every mandatory check that was planned.
        isolated: the target was proven isolated, with its positive control.
        complete: nothing that was planned is absent, and the journal has no gap.
        whole: all features of the contract were planned, not a selection.
    """
    outcomes = list(mandatory)
    if Outcome.FAILED in outcomes:
        return Verdict.FAILED
    if not whole:
        return Verdict.PARTIAL
    unproven = not outcomes or Outcome.NOT_VERIFIED in outcomes or Outcome.ERROR in outcomes
    if unproven or not isolated or not complete:
        return Verdict.NOT_VERIFIED
    return Verdict.VERIFIED_WITH_WAIVERS if Outcome.WAIVED in outcomes else Verdict.VERIFIED

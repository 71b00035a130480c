"""The observation that an event tells of, judged by its own counts."""

from __future__ import annotations

from restoreproof.events import Observed
from restoreproof.outcome import Observation, Outcome, outcome_of


def observation_of(event: Observed) -> Observation:
    """Return the observation of an event, with the outcome that its own counts have.

    The inner process runs a stack's code, which observes and does not decide: what it calls passed has to
    be so by the rule of every check. Counts that say otherwise and find nothing prove nothing.
    """
    findings = max(event.findings_total, len(event.findings))
    outcome: Outcome = event.outcome
    observed = event.observed
    if outcome is Outcome.PASSED:
        outcome = outcome_of(event.examined, event.of, findings, zero_is_right=event.zero_is_right)
    if outcome is not event.outcome and not findings:
        outcome = Outcome.NOT_VERIFIED
        examined, total = ("none" if count is None else count for count in (event.examined, event.of))
        observed = f"{observed}; called passed, though only {examined} of {total} were examined"
    return Observation(
        outcome=outcome,
        expected=event.expected,
        observed=observed,
        examined=event.examined,
        of=event.of,
        sample=event.sample or "all",
        findings=event.findings,
        findings_total=findings,
        zero_is_right=event.zero_is_right,
    )

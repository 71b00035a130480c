"""The checks, in words that a reviewer can hold against the features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from restoreproof.display import one_line
from restoreproof.outcome import Observation, Outcome
from restoreproof.record.model import CheckRecord, Record
from restoreproof.views.page.model import Checks, Group, Paragraph, Section, TableRow, line

SIGNS = {
    Outcome.PASSED: "✔",
    Outcome.FAILED: "✘",
    Outcome.NOT_VERIFIED: "?",
    Outcome.ERROR: "?",
    Outcome.WAIVED: "!",
}
WORST_FIRST = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_VERIFIED, Outcome.WAIVED, Outcome.PASSED)

ROWS = 12
"""Rows of one group on the first page; the appendix holds them all."""

_FIRST_GROUP = "consistency"
_FINDINGS = 3
_ALL_FINDINGS = 10


def summary(record: Record) -> Section:
    """Make the table of checks: consistency one by one, of other groups counts and what did not pass."""
    groups = [
        _group(folder, checks, checks if folder == _FIRST_GROUP else _open(checks), ROWS, _FINDINGS)
        for folder, checks in _by_folder(record)
    ]
    return Section(
        "checks",
        "Did it come back",
        (
            Checks(tuple(groups)),
            Paragraph(
                line("Each check, one by one, stands in the appendix; each step in allure-report.html.")
            ),
        ),
    )


def every_check(record: Record) -> Section:
    """Make the table of every check, the advisory ones too."""
    groups = [
        _group(folder, checks, checks, len(checks), _ALL_FINDINGS) for folder, checks in _by_folder(record)
    ]
    advisory = [check for check in record.checks if not check.mandatory]
    if advisory:
        groups.append(_group("advisory", advisory, _worst_first(advisory), len(advisory), _ALL_FINDINGS))
    return Section("every-check", "Every check", (Checks(tuple(groups)),))


def outcome_words(outcome: Outcome) -> str:
    """Return the outcome in words, with blanks for underscores."""
    return outcome.value.replace("_", " ")


def phrase(check: CheckRecord) -> str:
    """Return one check in a phrase: its title and why it ended as it did."""
    why = f" ({one_line(check.reason, 300)})" if check.reason and check.outcome is not Outcome.PASSED else ""
    return f"{SIGNS[check.outcome]} {outcome_words(check.outcome)}: {one_line(check.title, 200)}{why}"


def telling(check: CheckRecord) -> Observation | None:
    """Return the observation that explains the outcome: the first of that outcome, else of a failure."""
    same = [observation for observation in check.observations if observation.outcome is check.outcome]
    failed = [observation for observation in check.observations if observation.outcome is Outcome.FAILED]
    return next(iter([*same, *failed, *check.observations]), None)


def observed(observation: Observation) -> str:
    """Return what was observed, of how many, and how the sample was drawn."""
    sampled = "" if observation.sample == "all" else f"; sample: {observation.sample}"
    if observation.examined is None or f"{observation.examined:,} of " in observation.observed:
        return f"{observation.observed}{sampled}"
    of = f" of {observation.of:,}" if observation.of is not None else ""
    return f"{observation.observed} ({observation.examined:,}{of} examined){sampled}"


def _by_folder(record: Record) -> list[tuple[str, list[CheckRecord]]]:
    """Mandatory checks by folder of features: consistency first, then the folders with the worst outcome."""
    folders: dict[str, list[CheckRecord]] = {}
    for check in record.checks:
        if check.mandatory:
            folders.setdefault(PurePosixPath(check.id).parent.as_posix(), []).append(check)
    ordered = {name: _worst_first(checks) for name, checks in folders.items()}
    return sorted(
        ordered.items(),
        key=lambda item: (item[0] != _FIRST_GROUP, WORST_FIRST.index(item[1][0].outcome), item[0]),
    )


def _worst_first(checks: Sequence[CheckRecord]) -> list[CheckRecord]:
    return sorted(checks, key=lambda check: WORST_FIRST.index(check.outcome))


def _open(checks: Sequence[CheckRecord]) -> list[CheckRecord]:
    return [check for check in checks if check.outcome is not Outcome.PASSED]


def _group(
    folder: str, checks: Sequence[CheckRecord], wanted: Sequence[CheckRecord], rows: int, findings: int
) -> Group:
    counted = [(outcome, sum(check.outcome is outcome for check in checks)) for outcome in WORST_FIRST]
    return Group(
        name=one_line(folder, 100),
        counts=", ".join(f"{count} {outcome_words(outcome)}" for outcome, count in counted if count),
        rows=tuple(_row(check, findings) for check in wanted[:rows]),
        unshown=max(len(wanted) - rows, 0),
    )


def _row(check: CheckRecord, findings: int) -> TableRow:
    observation = telling(check)
    shown = observation.findings[:findings] if observation else ()
    return TableRow(
        title=one_line(check.title, 200),
        expected=one_line(observation.expected, 240) if observation else "",
        observed=one_line(observed(observation), 300) if observation else _nothing(check),
        outcome=outcome_words(check.outcome),
        sign=SIGNS[check.outcome],
        findings=tuple(one_line(finding, 240) for finding in shown),
        more=observation.findings_total - len(shown) if observation else 0,
    )


def _nothing(check: CheckRecord) -> str:
    return one_line(f"nothing was observed: {check.reason or 'no reason is recorded'}", 300)

"""``index.html``: the page a reviewer reads first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from markupsafe import Markup

from restoreproof.evidence.bundle import Bundle
from restoreproof.evidence.model import CheckRecord, Record, Seen
from restoreproof.evidence.templating import environment
from restoreproof.evidence.timeline import draw
from restoreproof.outcome import Outcome, Verdict

SIGNS = {
    Outcome.PASSED: "✔",
    Outcome.FAILED: "✘",
    Outcome.NOT_VERIFIED: "?",
    Outcome.ERROR: "?",
    Outcome.WAIVED: "!",
}
_VERDICT_SIGNS = {
    Verdict.VERIFIED: "✔",
    Verdict.VERIFIED_WITH_WAIVERS: "!",
    Verdict.FAILED: "✘",
    Verdict.NOT_VERIFIED: "?",
    Verdict.PARTIAL: "?",
}
_WORST_FIRST = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_VERIFIED, Outcome.WAIVED, Outcome.PASSED)
_FIRST_GROUP = "consistency"

ROWS = 12
"""Rows of one group on the first page; the appendix holds them all."""


def write(bundle: Bundle) -> None:
    """Write the page: one file, no script, nothing fetched."""
    (bundle.directory / "index.html").write_text(page(bundle.record), encoding="utf-8")


def page(record: Record) -> str:
    """The page of ``record``; everything that came from a backup is escaped and bounded."""
    template = environment().get_template("page.html.j2")
    mandatory = [check for check in record.checks if check.mandatory]
    return template.render(
        record=record,
        sign=_VERDICT_SIGNS[record.verdict],
        signs={outcome.value: sign for outcome, sign in SIGNS.items()},
        groups=_groups(mandatory),
        advisory=[check for check in record.checks if not check.mandatory],
        open_checks=[c for c in mandatory if c.outcome in (Outcome.NOT_VERIFIED, Outcome.ERROR)],
        waived=[check for check in record.checks if check.waiver],
        controls=_controls(record.checks),
        rows=ROWS,
        instant=instant,
        telling=telling,
        observed=observed,
        timeline=Markup(draw(record)),
    )


def instant(moment: str | None) -> str:
    """A moment in UTC, to the second."""
    if not moment:
        return "unknown"
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:  # shown as it was written
        return moment
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def telling(check: CheckRecord) -> Seen | None:
    """The observation that explains the outcome: the first of that outcome, else the first."""
    same = [seen for seen in check.observations if seen.outcome is check.outcome]
    failed = [seen for seen in check.observations if seen.outcome is Outcome.FAILED]
    return next(iter([*same, *failed, *check.observations]), None)


def observed(check: CheckRecord) -> str:
    """What was seen, of how many, chosen how; or why nothing was."""
    seen = telling(check)
    if seen is None:
        return check.reason
    if seen.examined is None or f"{seen.examined:,} of " in seen.observed:
        return f"{seen.observed}{_sampled(seen)}"
    of = f" of {seen.of:,}" if seen.of is not None else ""
    return f"{seen.observed} ({seen.examined:,}{of} examined){_sampled(seen)}"


def _sampled(seen: Seen) -> str:
    return "" if seen.sample == "all" else f"; sample: {seen.sample}"


def _groups(checks: Sequence[CheckRecord]) -> list[tuple[str, list[CheckRecord], dict[str, int]]]:
    """Checks by folder of features, consistency first; in a group what did not pass comes first."""
    by_folder: dict[str, list[CheckRecord]] = {}
    for check in checks:
        by_folder.setdefault(PurePosixPath(check.id).parent.as_posix(), []).append(check)
    groups = []
    for folder in sorted(by_folder, key=lambda name: (name != _FIRST_GROUP, name)):
        found = sorted(by_folder[folder], key=lambda check: _WORST_FIRST.index(check.outcome))
        counts = {o.value: sum(c.outcome is o for c in found) for o in _WORST_FIRST}
        groups.append((folder, found, {word: count for word, count in counts.items() if count}))
    return groups


def _controls(checks: Sequence[CheckRecord]) -> list[tuple[str, int, int]]:
    named: dict[str, list[CheckRecord]] = {}
    for check in checks:
        for tag in check.tags:
            name, _, value = tag.partition(":")
            if name == "control":
                named.setdefault(value, []).append(check)
    return [
        (control, sum(check.outcome is Outcome.PASSED for check in found), len(found))
        for control, found in sorted(named.items())
    ]

"""The sections of the page and the PDF: which there are, in which order, and which stand side by side."""

from __future__ import annotations

from restoreproof.display import one_line
from restoreproof.outcome import Verdict
from restoreproof.record.headline import duration
from restoreproof.record.model import Record
from restoreproof.views.page.appendix import artifacts, components, digests, fidelity, probes, unknown
from restoreproof.views.page.governance import governance
from restoreproof.views.page.how_to_verify import control_matrix, controls, yourself
from restoreproof.views.page.identity import identity, instant
from restoreproof.views.page.model import Line, Section, Sheet, bound, joined
from restoreproof.views.page.not_shown import limits
from restoreproof.views.page.results import every_check, summary
from restoreproof.views.page.safety import detection, deviations, safety
from restoreproof.views.page.times import phases, times

SIGNS = {
    Verdict.VERIFIED: "✔",
    Verdict.VERIFIED_WITH_WAIVERS: "!",
    Verdict.FAILED: "✘",
    Verdict.NOT_VERIFIED: "?",
    Verdict.PARTIAL: "?",
}

_ROWS = (
    (identity,),
    (summary,),
    (times,),
    (limits,),
    (deviations,),
    (safety, detection),
    (controls,),
    (yourself,),
)
_APPENDIX = (
    every_check,
    control_matrix,
    governance,
    components,
    fidelity,
    phases,
    probes,
    artifacts,
    digests,
    unknown,
)


def compose(record: Record) -> Sheet:
    """Make the sheet that a reviewer reads, from the record alone."""
    return Sheet(
        stack=one_line(record.stack, 100),
        verdict=one_line(record.verdict_words),
        sign=SIGNS[record.verdict],
        tone=record.exit_code.value,
        headline=bound(one_line(record.headline)),
        particulars=_particulars(record),
        rows=tuple(tuple(make(record) for make in row) for row in _ROWS),
        appendix=tuple(section for make in _APPENDIX if _says(section := make(record))),
    )


def _particulars(record: Record) -> Line:
    took = f" ({duration(record.seconds)})" if record.seconds is not None else ""
    attempt = f"attempt {record.attempt}" if record.attempt is not None else "attempt not recorded"
    return joined(
        [
            f"Drill {record.drill_id or 'not recorded'}",
            attempt,
            f"started by {record.actors.operator or 'nobody recorded'}",
            f"{instant(record.opened_at)} to {instant(record.ended_at)}{took}",
        ],
        ", ",
    )


def _says(section: Section) -> bool:
    """Whether a section holds anything: a table without rows does not."""
    return all(getattr(block, "rows", True) for block in section.blocks)

"""The section on what a drill does not show: not tested, not verified, not declared, not known."""

from __future__ import annotations

from restoreproof.outcome import Outcome
from restoreproof.record.model import Record
from restoreproof.views.page.model import Block, Bullets, Line, Section, joined, line
from restoreproof.views.page.results import phrase

_OPEN = (Outcome.NOT_VERIFIED, Outcome.ERROR)


def limits(record: Record) -> Section:
    """Make the section on what was not tested, not verified, changed for the drill, or is not known."""
    mandatory = [check for check in record.checks if check.mandatory]
    named: dict[str, list[Line]] = {
        "The evidence is incomplete": [line(reason) for reason in record.incomplete],
        "Not verified": [line(phrase(check)) for check in mandatory if check.outcome in _OPEN],
        "Examined by sample": _samples(record),
        "Not tested": _untested(record),
        "Advisory, never counted": [line(phrase(check)) for check in record.checks if not check.mandatory],
        "Other than in production": [*_apart(record), *_changed(record)],
        "Not declared of production, so not compared": _undeclared(record),
        "Noted": [line(note) for note in record.notes],
        "Not known": _unknown(record),
    }
    blocks: list[Block] = [Bullets(name, tuple(items)) for name, items in named.items() if items]
    return Section("limits", "What this does not show", tuple(blocks))


def _samples(record: Record) -> list[Line]:
    titles = {check.id: check.title for check in record.checks}
    drawn = dict.fromkeys(
        (titles.get(sample.check, sample.check), sample.method) for sample in record.scope.samples
    )
    return [line(f"{title}: {method}") for title, method in drawn]


def _untested(record: Record) -> list[Line]:
    lines = []
    if not record.plan.whole:
        lines.append(line(f"Only a part was run ({record.plan.selection}); a part can't gate anything."))
    lines += [line(f"{left.what}: {left.why}") for left in record.scope.excluded]
    if not record.faults:
        lines.append(line("Whether damage would have been noticed: no fault was injected into this drill."))
    lines.append(line("Whatever no feature states: the checks of this report are all there were."))
    return lines


def _apart(record: Record) -> list[Line]:
    return [
        line(
            f"{_service(fact.service)}, {fact.subject}: here {fact.here}; in production {fact.production}; "
            f"{fact.consequence}"
        )
        for fact in record.fidelity
        if fact.differs
    ]


def _undeclared(record: Record) -> list[Line]:
    """The subjects that production does not declare, those of the same services together."""
    services: dict[str, dict[str, None]] = {}
    for fact in record.fidelity:
        if fact.differs is None:
            services.setdefault(fact.subject, {})[_service(fact.service)] = None
    subjects: dict[tuple[str, ...], list[str]] = {}
    for subject, names in services.items():
        subjects.setdefault(tuple(names), []).append(subject)
    return [line(f"{', '.join(alike)}: {', '.join(names)}") for names, alike in subjects.items()]


def _changed(record: Record) -> list[Line]:
    lines = [
        line(f"{_service(change.service)}: {change.name}, because {change.why}")
        for change in record.overrides
    ]
    host = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in record.host)
    machine = host or "a machine that is not recorded"
    lines.append(
        line(f"Engine, versions and machine are the drill's ({machine}); its services stand in the appendix.")
    )
    return lines


def _service(name: str) -> str:
    return "every service" if name == "*" else name


def _unknown(record: Record) -> list[Line]:
    """The fields that are not known, in one line; the appendix says why."""
    if not record.unknown:
        return []
    return [joined((item.field.replace(".", " ").replace("_", " ") for item in record.unknown), ", ")]

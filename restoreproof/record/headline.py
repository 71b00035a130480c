"""The one plain sentence that a reviewer reads first, made from the record and nothing else."""

from __future__ import annotations

from restoreproof.display import one_line
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.execution import FaultRecord
from restoreproof.record.model import CheckRecord, Record

_NAMED = 5


def headline(record: Record) -> str:
    """Return the sentence that says what the verdict rests on."""
    match record.verdict:
        case Verdict.FAILED:
            basis = _failed(record)
        case Verdict.VERIFIED | Verdict.VERIFIED_WITH_WAIVERS:
            basis = _passed(record)
        case _:
            basis = _unproven(record)
    sentences = (_faults(record), basis, _author(record), _asked_less(record), _times(record))
    return " ".join(sentence for sentence in sentences if sentence)


def _author(record: Record) -> str:
    """Return whose word the expectations are, unless they are that of the key that was named."""
    catalogue = record.backup_set.catalogue
    if catalogue is None or catalogue.author in (None, "signed"):
        return ""
    key = f"the key SHA256:{(catalogue.key_id or '')[:16]}…"
    whose = {
        "unsigned": "is unsigned",
        "foreign": f"is signed by {key}, which is not the one that was named",
        "unchecked": f"is signed by {key}, and none was named to hold it against",
    }.get(str(catalogue.author), "is of an author that is not known")
    return f"The catalogue {whose}: what the set had to hold is the word of whoever can change it."


def _faults(record: Record) -> str:
    """Return what a test of the harness was of, and whether it was noticed; empty for any other drill."""
    if not record.faults:
        return ""
    noticed = "; ".join(noticing(fault) for fault in record.detection[:_NAMED])
    more = f"; and {len(record.detection) - _NAMED} more" if len(record.detection) > _NAMED else ""
    return f"A test of the harness, which says nothing of the backup: {noticed}{more}."


def noticing(fault: FaultRecord) -> str:
    """Return a fault with how many of the checks that have to notice it did, and which did not."""
    if not fault.checks:
        return f"the injected fault {fault.fault} names no check that has to notice it"
    missed = [check for check in fault.checks if check not in fault.noticed]
    but = f" (not by {', '.join(missed[:_NAMED])})" if missed else ""
    noticed = f"{len(fault.noticed)} of {len(fault.checks)} checks"
    return f"the injected fault {fault.fault} was noticed by {noticed}{but}"


def _asked_less(record: Record) -> str:
    """Return what an earlier drill asked and this one does not: a pass is worth less by it."""
    compared = record.plan_comparison
    if compared.unknown:
        return (
            f"What the drill {compared.previous} asked could not be held against this one: "
            f"{one_line(compared.unknown, 200)}."
        )
    if not compared.changes:
        return ""
    first = one_line(str(compared.changes[0]), 300)
    more = f" and {compared.total - 1} more" if compared.total > 1 else ""
    return f"Asked less of than in the drill {compared.previous}: {first}{more}."


def duration(seconds: float) -> str:
    """Return a span of time (seconds) in words: ``48 s``, ``22 min``, ``4 h``, ``3 h 20 min``, ``2 days``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def _passed(record: Record) -> str:
    counts = record.counts
    waived = f"{counts.waived} waived" if counts.waived else "nothing was waived"
    return f"{counts.passed} of {counts.mandatory} mandatory checks passed; {waived}{_advice(record)}."


def _advice(record: Record) -> str:
    """The clause on advisory checks that did not pass, though they do not count; empty if all passed."""
    unheeded = [
        check for check in record.checks if not check.mandatory and check.outcome is not Outcome.PASSED
    ]
    if not unheeded:
        return ""
    more = f" and {len(unheeded) - 1} more" if len(unheeded) > 1 else ""
    return f"; advisory, and not passed: “{unheeded[0].title}”{more}"


def _failed(record: Record) -> str:
    failed = _with(record, Outcome.FAILED)
    first = failed[0]
    others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return (
        f"{len(failed)} of {record.counts.mandatory} mandatory checks failed: "
        f"“{first.title}”{others}: {one_line(first.reason, 300)}."
    )


def _unproven(record: Record) -> str:
    counts = record.counts
    sentence = f"{counts.passed} of {counts.mandatory} mandatory checks passed"
    if record.verdict is Verdict.PARTIAL:
        sentence += f"; only a part was run ({record.plan.selection})"
    open_checks = [*_with(record, Outcome.NOT_VERIFIED), *_with(record, Outcome.ERROR)]
    if open_checks:
        first = open_checks[0]
        more = f" and {len(open_checks) - 1} more" if len(open_checks) > 1 else ""
        sentence += f"; not proven: “{first.title}”{more} ({one_line(first.reason, 200)})"
    if record.incomplete:
        more = f" (and {len(record.incomplete) - 1} more)" if len(record.incomplete) > 1 else ""
        sentence += f"; the evidence is incomplete: {record.incomplete[0]}{more}"
    return f"{sentence}."


def _times(record: Record) -> str:
    time, point = record.recovery_time, record.recovery_point
    clauses = []
    if time.time_to_service_s is not None:
        clauses.append(
            f"Service was back {duration(time.time_to_service_s)} after the fetch began "
            f"(target {duration(time.target_s)})"
        )
    if point.value_s is not None:
        clauses.append(
            f"the newest restored record was {duration(point.value_s)} old at the recovery point "
            f"(target {duration(point.target_s)})"
        )
    if (age := record.backup_set.age_s) is not None:
        clauses.append(f"that point lay {duration(abs(age))} {'before' if age >= 0 else 'after'} the drill")
    if not clauses:
        return ""
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _with(record: Record, outcome: Outcome) -> list[CheckRecord]:
    return [check for check in record.checks if check.mandatory and check.outcome is outcome]

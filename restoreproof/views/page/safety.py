"""The sections on deviations, on the drill's safety, and on whether it would have noticed damage."""

from __future__ import annotations

from restoreproof.record.execution import Deviation, ForbiddenScan
from restoreproof.record.headline import noticing
from restoreproof.record.model import Record
from restoreproof.views.page.identity import NOT_RECORDED, instant
from restoreproof.views.page.model import Block, Facts, Line, Paragraph, Section, Table, joined, line
from restoreproof.views.page.results import SIGNS, outcome_words

_LEFTOVERS = 20
_UNSCANNABLE = 5


def deviations(record: Record) -> Section:
    """Make the table of what is not as it should be, who owns it, and who accepted it until when."""
    name, heading = "deviations", "Deviations and waivers"
    asked = _asked_less(record)
    if not record.deviations:
        none = "None: each check passed and nothing was waived."
        return Section(name, heading, (Paragraph(line(none)), *asked))
    columns = ("What", "Severity", "Why it is accepted, or not", "Owner", "Approver", "Until")
    rows = tuple(_deviation(deviation) for deviation in record.deviations)
    return Section(name, heading, (Table(columns, (7, 2, 7, 2, 2, 2), rows), *asked))


def _asked_less(record: Record) -> tuple[Block, ...]:
    """What the last drill that asked everything asked, and this one does not."""
    compared = record.plan_comparison
    if compared.previous is None:
        return (Paragraph(line("The ledger has no earlier drill of this stack to hold the plan against.")),)
    if compared.unknown:
        said = f"Whether this drill asks less than {compared.previous} is not known: {compared.unknown}."
        return (Paragraph(line(said)),)
    if not compared.changes:
        said = f"Nothing that the drill {compared.previous} asked is asked less of in this one."
        return (Paragraph(line(said)),)
    rows = tuple((line(change.title), line(change.what), line(change.subject)) for change in compared.changes)
    left = compared.total - len(compared.changes)
    more = (Paragraph(line(f"And {left} more.")),) if left > 0 else ()
    return (
        Table((f"Asked less of than in {compared.previous}", "What became of it", "Id"), (7, 7, 5), rows),
        *more,
    )


def _deviation(deviation: Deviation) -> tuple[Line, ...]:
    waiver = deviation.waiver
    mandatory = "" if deviation.mandatory else " (advisory)"
    what = (
        f"{SIGNS[deviation.outcome]} {outcome_words(deviation.outcome)}{mandatory}: {deviation.description}"
    )
    expired = "expired, so it holds no more: " if deviation.waiver_expired else ""
    return (
        line(what),
        line(deviation.severity),
        line(f"{expired}{waiver.reason}" if waiver else "not waived"),
        line((waiver.owner if waiver else deviation.owner) or "nobody is named"),
        line(waiver.approver if waiver else "—"),
        line((waiver.until if waiver else deviation.due) or "—"),
    )


def safety(record: Record) -> Section:
    """Make the section on isolation with its positive control, secrets, effects, and the target's end."""
    proofs = record.safety
    contained = f"{sum(not probe.reached for probe in proofs.probes)} of {len(proofs.probes)} reached nothing"
    outside = (
        f"{sum(probe.reached for probe in proofs.controls)} of {len(proofs.controls)} reached their target"
    )
    proof = "✔ proven" if proofs.isolated else "✘ not proven"
    rows: list[tuple[str, Line]] = [
        ("Isolation", line(f"{proof}{': ' if proofs.isolation_reason else ''}{proofs.isolation_reason}")),
        (
            "Probes",
            line(f"from inside {contained}; the same ones from outside, as positive control, {outside}"),
        ),
        ("Secrets in the set", _scan(record.forbidden_scan)),
        ("Outbound effects", _effects(record)),
        ("End of the target", _end(record)),
        *_marked(record),
        *_programs(record),
    ]
    return Section("safety", "Safety", (Facts(tuple(rows)),))


def _scan(scan: ForbiddenScan | None) -> Line:
    if scan is None:
        return line("the record tells of no scan for forbidden material")
    found = f"✘ {scan.findings_total:,} found"
    if not scan.findings_total:
        found = "nothing found in what was read" if scan.unscannable else "✔ 0 found"
    if not scan.findings_total and not scan.parts:
        return line("nothing was searched, so whether it holds any is not known")
    looked = f"{scan.parts:,} parts looked into" if scan.parts is not None else "parts not counted"
    closed = "none was closed to the scan"
    if scan.unscannable:
        more = len(scan.unscannable) - _UNSCANNABLE
        named = [*scan.unscannable[:_UNSCANNABLE], *([f"{more:,} more"] if more > 0 else [])]
        closed = f"{len(scan.unscannable):,} closed to the scan ({', '.join(named)})"
    return line(f"{found}, {looked}, {closed}")


def _effects(record: Record) -> Line:
    effects = record.effects
    if not effects.sinks:
        return line("no way out was watched, so none is known")
    parts = [
        f"{sink.sink}: {_count(sink.before_approval)} before, {_count(sink.after_approval)} after"
        for sink in effects.sinks
    ]
    if effects.approved_by:
        parts.append(f"workers resumed by {effects.approved_by} at {instant(effects.approved_at)}")
    else:
        parts.append("nobody approved that workers resume")
    return joined(parts)


def _count(number: int | None) -> str:
    return NOT_RECORDED if number is None else f"{number:,}"


def _end(record: Record) -> Line:
    proofs = record.safety
    proof = "✔ destruction proven" if proofs.torn_down else "✘ destruction not proven"
    left = [f"left behind: {item}" for item in proofs.leftovers[:_LEFTOVERS]]
    more = len(proofs.leftovers) - len(left)
    at = [f"at {instant(record.target.destroyed_at)}"] if record.target.destroyed_at else []
    return joined([proof, *at, *left, *([f"and {more} more"] if more > 0 else [])])


def _marked(record: Record) -> list[tuple[str, Line]]:
    """Which stores of a foreign target were shown to be this drill's; nothing where it made its own."""
    shown = [
        f"{marker.service} at {marker.address or NOT_RECORDED}, marked {instant(marker.created_at)}"
        for marker in record.target.markers[:_LEFTOVERS]
    ]
    return (
        [("Made for this drill", joined(["✔ each store showed the drill's marker", *shown]))] if shown else []
    )


def _programs(record: Record) -> list[tuple[str, Line]]:
    """What restored code ran of the operating system; nothing where it ran nothing that anybody saw."""
    ran = record.safety.programs
    more = len(ran) - _LEFTOVERS
    told = [*ran[:_LEFTOVERS], *([f"and {more} more"] if more > 0 else [])]
    return (
        [("Programs run by the backup", joined(["✘ restored code ran programs, or may", *told]))]
        if ran
        else []
    )


def detection(record: Record) -> Section:
    """Make the section that says whether this drill shows that damage would have been noticed."""
    if not record.faults:
        text = (
            "Not shown by this drill: it injected no damage. The proof is a drill with --fault for each kind "
            "of damage, which must end FAILED by the very check that guards against it. This evidence "
            "does not say whether such drills were made."
        )
    else:
        noticed = "; ".join(noticing(fault) for fault in record.detection)
        text = f"This drill is a test of the harness and says nothing about the backup: {noticed}."
    return Section("detection", "Would it have noticed", (Paragraph(line(text)),))

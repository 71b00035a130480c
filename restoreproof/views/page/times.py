"""The section on times: RTO and RPO, the machine they were measured on, and the plot of the stages."""

from __future__ import annotations

from restoreproof.display import one_line
from restoreproof.record.headline import duration
from restoreproof.record.model import Record, RecoveryTime
from restoreproof.views import timeline_plot
from restoreproof.views.page.model import Facts, Line, Plot, Section, Table, joined, line
from restoreproof.views.template_environment import size

_MET = {True: "✔ met", False: "✘ missed", None: "? open"}
_PHASES = 200


def times(record: Record) -> Section:
    """Make the section on RTO and RPO against their targets, and on the stages in their enforced order."""
    caption = (
        "Stages in their enforced order, since the fetch began. Bars are the work of restoring; "
        "between them the checks of a stage run. A time measured on another machine is another time."
    )
    plot = Plot(timeline_plot.draw(record), timeline_plot.described(record), caption)
    return Section("times", "How long, how much lost", (Facts(_figures(record)), plot))


def phases(record: Record) -> Section:
    """Make the table of each timed piece of work of each stage."""
    rows = [
        (
            line(stage.name),
            line(phase.name),
            line(duration(phase.seconds)),
            line(size(phase.bytes) if phase.bytes is not None else ""),
            line(f"{phase.items:,}" if phase.items is not None else ""),
        )
        for stage in record.stages
        for phase in stage.phases
    ]
    columns = ("Stage", "Work", "Took", "Bytes", "Items")
    return Section("phases", "Where the time went", (Table(columns, (3, 7, 2, 2, 2), tuple(rows[:_PHASES])),))


def _figures(record: Record) -> tuple[tuple[str, Line], ...]:
    time, point = record.recovery_time, record.recovery_point
    service = f"{_after(time.time_to_service_s, 'not proven')}, target {duration(time.target_s)}"
    unjudged = f"? not judged, {one_line(point.unjudged, 300)}" if point.unjudged else _MET[point.met]
    lost = [f"{_old(point.value_s)}, target {duration(point.target_s)}: {unjudged}"]
    lost += [f"{one_line(name, 60)} {duration(seconds)}" for name, seconds in point.assets]
    if point.skew_s is not None:
        lost.append(f"skew between them {duration(point.skew_s)}")
    return (
        ("Service back (RTO)", line(f"{service}: {_judged(time)}")),
        ("Everything checked", line(_after(time.time_to_verified_s, "not all of it was"))),
        ("Newest record (RPO)", joined(lost)),
        ("Age of the recovery point", line(_age(record))),
        ("Data and machine", joined([_data(record), *_machine(record)], ", ")),
    )


def _judged(time: RecoveryTime) -> str:
    return f"? not judged, {one_line(time.unjudged, 300)}" if time.unjudged else _MET[time.met]


def _after(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else f"{duration(seconds)} after the fetch began"


def _old(seconds: float | None) -> str:
    return "not measured" if seconds is None else f"{duration(seconds)} old"


def _age(record: Record) -> str:
    age, limit = record.backup_set.age_s, record.recovery_point.age_limit_s
    allowed = (
        "the contract states no schedule" if limit is None else f"at most {duration(limit)} by the schedule"
    )
    if age is None:
        return f"not known; {allowed}"
    if age < 0:
        return f"{duration(-age)} after the drill began, so a clock is wrong; {allowed}"
    verdict = "" if limit is None else f": {_MET[age <= limit]}"
    return f"{duration(age)} when the drill began; {allowed}{verdict}"


def _data(record: Record) -> str:
    backup = record.backup_set
    volume = size(backup.bytes) if backup.bytes is not None else "size not recorded"
    return f"{volume} in {backup.artifacts_total:,} files" if backup.artifacts_total is not None else volume


def _machine(record: Record) -> list[str]:
    named = [f"{name.replace('_', ' ')} {value}" for name, value in record.host]
    return named or ["machine not recorded"]

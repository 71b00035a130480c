"""The stages of a drill as a plot: plain SVG, readable in greyscale and by a screen reader."""

from __future__ import annotations

from restoreproof.evidence.headline import duration
from restoreproof.evidence.model import Record, StageRecord
from restoreproof.evidence.templating import environment

WIDTH = 720
_LEFT, _RIGHT, _ROW, _TOP = 130, 96, 16, 12


def draw(record: Record) -> str:
    """The timeline as one SVG element with its own style, title and description."""
    stages = [_bar(stage, row, record.seconds or 1.0) for row, stage in enumerate(record.stages)]
    axis = _TOP + _ROW * len(stages)
    time = record.recovery_time
    marks = [
        (label, _x(at, record.seconds or 1.0))
        for label, at in (("service back", time.time_to_service_s), ("all verified", time.time_to_verified_s))
        if at is not None
    ]
    template = environment().get_template("timeline.svg.j2")
    return template.render(
        stages=stages,
        marks=marks,
        axis=axis,
        ticks=_ticks(record.seconds or 1.0),
        width=WIDTH,
        left=_LEFT,
        plot=WIDTH - _LEFT - _RIGHT,
        described=_described(record),
    )


def _x(at: float, whole: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * min(at / whole, 1.0), 1)


def _bar(stage: StageRecord, row: int, whole: float) -> dict[str, object]:
    begins = stage.begins_s if stage.begins_s is not None else 0.0
    ends = stage.ends_s if stage.ends_s is not None else begins
    note = {"done": "", "failed": "✘ failed", "entered": "? not left"}.get(stage.status, "? not reached")
    return {
        "name": stage.name,
        "status": stage.status,
        "note": note or duration(max(ends - begins, 0.0)),
        "y": _TOP + row * _ROW,
        "x": _x(begins, whole),
        "width": max(_x(ends, whole) - _x(begins, whole), 1.0) if stage.begins_s is not None else 0,
    }


def _ticks(whole: float) -> list[tuple[float, str]]:
    step = next(
        step
        for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10**9)
        if whole / step <= 8
    )
    return [(_x(at, whole), duration(at) if at else "0") for at in range(0, int(whole) + 1, step)]


def _described(record: Record) -> str:
    told = [
        f"{stage.name} from {duration(stage.begins_s)} to {duration(stage.ends_s)}"
        if stage.begins_s is not None and stage.ends_s is not None
        else f"{stage.name} {stage.status}"
        for stage in record.stages
    ]
    return "Stages in their enforced order: " + "; ".join(told) + "."

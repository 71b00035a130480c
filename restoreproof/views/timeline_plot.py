"""The stages of a drill as a plot: plain SVG, readable in greyscale and by a screen reader.

Each stage has a line of its own, and so has each label, so nothing can overlap however many stages there
are or however close two moments lie. Widths of text are estimated generously: nothing is measured with a
font, so the same record gives the same bytes everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.display import one_line
from restoreproof.outcome import Verdict
from restoreproof.record.headline import duration
from restoreproof.record.model import Record, StageRecord
from restoreproof.views.template_environment import environment

WIDTH = 760
_ROW = 17
_TOP = 18.0
_CHARACTER = 6.8
_NAMES = (90.0, 176.0)
_NOTES = 132.0
_GAP = 8.0
_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)
_LAST = {True: "all verified", False: "all checked"}
_NOTE = {"failed": "✘ failed", "entered": "? not left", "not-reached": "? not reached"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: its name, where its bar lies, and what stands in the column at the right."""

    name: str
    status: str
    note: str
    y: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class GateMark:
    """The mark of what had to be approved before the next stage: a diamond on a row of its own."""

    name: str
    note: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of a moment: a line down from the stages to a label on a row of its own, left of the line.

    Moments are drawn in their order, so a later line never meets the label of an earlier one.
    """

    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Span:
    """One bar of the lower plot: how long something took, beside the target on the same scale."""

    name: str
    note: str
    y: float
    width: float
    met: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The data that the template draws, in pixels of the view box."""

    left: float
    plot: float
    right: float
    top: float
    height: float
    axis: float
    bars: tuple[Bar, ...]
    gates: tuple[GateMark, ...]
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[Mark, ...]
    spans: tuple[Span, ...]
    target_x: float
    target_y: float
    target_anchor: str
    target: str
    described: str


def draw(record: Record) -> str:
    """Return the timeline as one SVG element with its own title and description."""
    return environment().get_template("timeline.svg.j2").render(chart=chart(record), width=WIDTH)


def described(record: Record) -> str:
    """Return what the plot shows, in words."""
    stages = [
        f"{_name(stage)} from {duration(stage.begins_s)} to {duration(stage.ends_s)}"
        if stage.begins_s is not None and stage.ends_s is not None
        else f"{_name(stage)} {stage.status}"
        for stage in record.stages
    ]
    time = record.recovery_time
    ends = [f"{name} after {duration(at)}" for name, at in _moments(record)]
    approved = record.effects.approved_s
    if approved is not None:
        ends.insert(0, f"worker gate opened after {duration(approved)}")
    sentences = [f"Stages in their enforced order: {'; '.join(stages) or 'none'}."]
    if ends:
        sentences.append(f"{'; '.join(ends)}.")
    sentences.append(f"The target for service being back is {duration(time.target_s)}.")
    return " ".join(sentences)


def chart(record: Record) -> Chart:
    """Return the place of each part of the plot."""
    whole = max(record.seconds or 0.0, *(stage.ends_s or 0.0 for stage in record.stages), 1.0)
    longest = max((len(_name(stage)) for stage in record.stages), default=0)
    left = round(min(max(longest * _CHARACTER + _GAP, _NAMES[0]), _NAMES[1]), 1)
    scale = _Scale(left, WIDTH - left - _NOTES, whole)
    bars, gates = _rows(record, scale)
    axis = _TOP + _ROW * (len(bars) + len(gates)) + 4.0
    marks = _marks(record, scale, axis)
    below = axis + _ROW * len(marks) + 12
    spans, reach = _spans(record, scale, below)
    target = record.recovery_time.target_s
    target_x = round(left + scale.plot * target / reach, 1)
    return Chart(
        left=left,
        plot=scale.plot,
        right=left + scale.plot + _GAP,
        top=_TOP,
        height=below + 16 + _ROW * len(spans) + 4 if spans else below,
        axis=axis,
        bars=bars,
        gates=gates,
        ticks=_ticks(scale),
        marks=marks,
        spans=spans,
        target_x=target_x,
        target_y=below,
        target_anchor=_anchor(target_x, scale),
        target=f"RTO target {duration(target)}",
        described=described(record),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    left: float
    plot: float
    whole: float

    def x(self, at: float) -> float:
        return round(self.left + self.plot * min(max(at, 0.0) / self.whole, 1.0), 1)


def _name(stage: StageRecord) -> str:
    return one_line(stage.name, 24)


def _rows(record: Record, scale: _Scale) -> tuple[tuple[Bar, ...], tuple[GateMark, ...]]:
    """The stages from top to bottom, and the gate on a row of its own before the stage it guards."""
    bars: list[Bar] = []
    gates: list[GateMark] = []
    approved = record.effects.approved_s
    for stage in record.stages:
        if approved is not None and not gates and _holds(stage, approved):
            gates.append(GateMark("worker gate", "approved", scale.x(approved), _TOP + _ROW * len(bars)))
        bars.append(_bar(stage, _TOP + _ROW * (len(bars) + len(gates)), scale))
    return tuple(bars), tuple(gates)


def _holds(stage: StageRecord, approved: float) -> bool:
    """Whether the stage waited for the approval: the first stage that was not over by then did."""
    if stage.begins_s is None:
        return False
    return stage.begins_s >= approved or stage.ends_s is None or stage.ends_s > approved


def _bar(stage: StageRecord, y: float, scale: _Scale) -> Bar:
    begins = stage.begins_s if stage.begins_s is not None else 0.0
    ends = stage.ends_s if stage.ends_s is not None else scale.whole  # entered, and never left
    x = scale.x(begins)
    reached = stage.begins_s is not None
    return Bar(
        name=_name(stage),
        status=stage.status,
        note=_NOTE.get(stage.status) or duration(max(ends - begins, 0.0)),
        y=y,
        x=x,
        width=round(max(scale.x(ends) - x, 1.0), 1) if reached else 0.0,
    )


def _moments(record: Record) -> list[tuple[str, float]]:
    time = record.recovery_time
    moments = [
        ("service back", time.time_to_service_s),
        (_LAST[record.verdict is Verdict.VERIFIED], time.time_to_verified_s),
    ]
    return [(name, at) for name, at in moments if at is not None]


def _marks(record: Record, scale: _Scale, axis: float) -> tuple[Mark, ...]:
    return tuple(
        Mark(name, scale.x(at), axis + _ROW * (row + 1) - 4)
        for row, (name, at) in enumerate(_moments(record))
    )


def _anchor(x: float, scale: _Scale) -> str:
    """On which side of a line its label has room."""
    return "end" if x > scale.left + scale.plot / 2 else "start"


def _spans(record: Record, scale: _Scale, top: float) -> tuple[tuple[Span, ...], float]:
    """The times against their target, and how many seconds the width of this plot stands for."""
    moments = _moments(record)
    target = record.recovery_time.target_s
    reach = max([target, *(at for _, at in moments), 1.0]) * 1.02
    return tuple(
        Span(
            name=name,
            note=f"{duration(at)} of {duration(target)}",
            y=top + 16 + _ROW * row,
            width=round(max(scale.plot * at / reach, 1.0), 1),
            met=at <= target and record.recovery_time.unjudged is None,
        )
        for row, (name, at) in enumerate(moments)
    ), reach


def _ticks(scale: _Scale) -> tuple[tuple[float, str], ...]:
    step = next((step for step in _STEPS if scale.whole / step <= 8), 7 * 86400)
    count = min(int(scale.whole / step), 60)
    return tuple((scale.x(step * n), duration(step * n) if n else "0") for n in range(count + 1))

"""``metrics.prom``: the drill's figures in Prometheus' text format, for node_exporter's textfile collector.

Samples carry no time of their own (the collector refuses files that do). What was not measured is absent,
never zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from restoreproof.display import one_line
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.model import PhaseRecord, Record
from restoreproof.record.moments import moment
from restoreproof.views.bundle import Bundle

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric: its name, what it says, and its value for each set of labels (None: not measured)."""

    name: str
    help: str
    samples: tuple[tuple[Labels, float | None], ...]


def write(bundle: Bundle) -> None:
    """Write the file."""
    (bundle.directory / "metrics.prom").write_text(exposition(bundle.record), encoding="utf-8")


def exposition(record: Record) -> str:
    """Return the text of every metric that has a value, with HELP and TYPE, labelled with the stack first."""
    stack = ("stack", record.stack)
    return "".join(line for gauge in _gauges(record) for line in _lines(gauge, stack))


def _lines(gauge: Gauge, stack: tuple[str, str]) -> Iterator[str]:
    measured = [(labels, value) for labels, value in gauge.samples if value is not None]
    if measured:
        name = f"restoreproof_{gauge.name}"
        yield f"# HELP {name} {gauge.help}\n# TYPE {name} gauge\n"
        for labels, value in measured:
            pairs = ",".join(f'{key}="{_label(text)}"' for key, text in (stack, *labels))
            yield f"{name}{{{pairs}}} {value!r}\n"


def _label(text: str) -> str:
    return one_line(text, 200).translate(_ESCAPES)


def _gauges(record: Record) -> Iterator[Gauge]:
    yield from _drill(record)
    yield from _objectives(record)
    yield from _checks(record)
    yield from _stages(record)
    yield from _set(record)


def _drill(record: Record) -> Iterator[Gauge]:
    ended = _timestamp(record.ended_at)
    yield Gauge(
        "drill_info",
        "Which drill this file tells of; always 1.",
        (((("drill_id", record.drill_id), ("set_id", record.backup_set.set_id or "unknown")), 1),),
    )
    yield _plain("drill_end_timestamp_seconds", "When the last drill ended.", ended)
    yield _plain(
        "drill_last_success_timestamp_seconds",
        "When this drill ended, if it ended VERIFIED; absent otherwise, so look back over the older samples.",
        ended if record.verdict is Verdict.VERIFIED else None,
    )
    yield Gauge(
        "drill_verdict",
        "1 for the verdict of the last drill, 0 for the others.",
        tuple(((("verdict", verdict.value),), int(verdict is record.verdict)) for verdict in Verdict),
    )
    yield Gauge(
        "drill_injected_fault",
        "1 for each fault that was injected: with any, a drill tests the harness and no backup.",
        tuple(((("fault", fault),), 1) for fault in record.faults),
    )
    yield _plain("drill_exit_code", "The exit code that a pipeline gates on.", int(record.exit_code))
    yield _plain("drill_seconds", "From the opening of the drill to its last event.", record.seconds)
    yield _plain("drill_isolated", "1 if the target was proven isolated.", int(record.safety.isolated))
    yield _plain("drill_torn_down", "1 if the target was proven gone.", int(record.safety.torn_down))


def _objectives(record: Record) -> Iterator[Gauge]:
    time, point = record.recovery_time, record.recovery_point
    yield _plain(
        "rto_seconds", "From the start of the fetch until service was proven back.", time.time_to_service_s
    )
    yield _plain(
        "rto_verified_seconds", "From the start of the fetch until all was verified.", time.time_to_verified_s
    )
    yield _plain("rto_target_seconds", "The recovery time objective of the contract.", time.target_s)
    yield _plain("rpo_seconds", "Age of the newest restored record at the recovery point.", point.value_s)
    yield Gauge(
        "rpo_asset_seconds",
        "Age of the newest restored record at the recovery point, by asset.",
        tuple(((("asset", asset),), seconds) for asset, seconds in point.assets),
    )
    yield _plain(
        "set_age_seconds", "Age of the recovery point when the drill began.", record.backup_set.age_s
    )
    yield _plain(
        "set_age_limit_seconds", "Age from which on the schedule has a newer backup due.", point.age_limit_s
    )
    yield _plain("rpo_target_seconds", "The recovery point objective of the contract.", point.target_s)


def _checks(record: Record) -> Iterator[Gauge]:
    outcomes = [(check.mandatory, check.outcome) for check in record.checks]
    yield Gauge(
        "checks",
        "Checks by outcome; advisory ones are not counted into the verdict.",
        tuple(
            ((("mandatory", word), ("outcome", outcome.value)), outcomes.count((mandatory, outcome)))
            for mandatory, word in ((True, "yes"), (False, "no"))
            for outcome in Outcome
        ),
    )
    yield _plain("evidence_gaps", "Reasons for which the evidence is incomplete.", len(record.incomplete))


def _stages(record: Record) -> Iterator[Gauge]:
    stages = record.stages
    yield Gauge(
        "stage_done",
        "1 if the stage was done.",
        tuple(((("stage", stage.name),), int(stage.status == "done")) for stage in stages),
    )
    yield Gauge(
        "stage_seconds",
        "How long the stage took.",
        tuple(((("stage", stage.name),), stage.seconds) for stage in stages),
    )
    yield Gauge(
        "stage_bytes",
        "Bytes that the stage restored, as far as its phases counted them.",
        tuple(((("stage", stage.name),), _bytes(stage.phases)) for stage in stages),
    )


def _set(record: Record) -> Iterator[Gauge]:
    taken = record.backup_set
    yield _plain("set_bytes", "Size of the backup set.", taken.bytes)
    yield _plain(
        "set_recovery_point_timestamp_seconds",
        "The moment to which the set restores.",
        _timestamp(taken.recovery_point),
    )


def _plain(name: str, help: str, value: float | None) -> Gauge:
    return Gauge(name, help, (((), value),))


def _bytes(phases: tuple[PhaseRecord, ...]) -> int | None:
    counted = [phase.bytes for phase in phases if phase.bytes is not None]
    return sum(counted) if counted else None


def _timestamp(text: str | None) -> float | None:
    """Seconds since 1970, or None where the journal holds no time, or one of no time zone."""
    at = moment(text)
    return at.timestamp() if at else None

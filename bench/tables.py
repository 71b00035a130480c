"""The benchmark's tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bench.results import REST, Measured


def stages(measured: Measured) -> Table:
    """Each stage on each runtime beside the bare restore, and how the runtimes compare."""
    first, *others = measured.runtimes
    repeated = len(measured.bare)
    table = Table(
        title=f"{measured.size} set, {repeated} × each, medians: seconds of each stage", title_justify="left"
    )
    table.add_column("stage")
    for name in (*measured.runtimes, *(f"{other} ÷ {first}" for other in others), "bare restore"):
        table.add_column(name, justify="right")
    for stage in (*measured.stages, REST):
        seconds = [measured.stage_s(runtime, stage) for runtime in measured.runtimes]
        bare = "" if stage == REST else f"{measured.bare_stage_s(stage):.2f}"
        table.add_row(stage, *_compared(seconds), bare)
    table.add_section()
    walls = [measured.wall_s(runtime) for runtime in measured.runtimes]
    table.add_row("whole drill", *_compared(walls), f"{measured.bare_s():.2f}")
    return table


def summary(everything: Sequence[Measured]) -> Table:
    """The whole drill of each set on each runtime, and what the harness adds to the bare restore."""
    table = Table(title="whole warm drill", title_justify="left")
    words = ("set", "runtime", "verdict")
    for name in (*words, "drill", "bare restore", "harness tax", "peak memory of the harness"):
        table.add_column(name, justify="left" if name in words else "right")
    for measured in everything:
        for runtime in measured.runtimes:
            wall, bare = measured.wall_s(runtime), measured.bare_s()
            tax = (f"{bare:.1f} s", f"{wall / bare:.2f} ×") if runtime == measured.bare_on else ("", "")
            peak = f"{measured.peak_bytes(runtime) / 2**20:.0f} MiB"
            table.add_row(measured.size, runtime, measured.verdicts(runtime), f"{wall:.1f} s", *tax, peak)
    return table


def _compared(seconds: Sequence[float]) -> list[str]:
    first, *others = seconds
    ratios = [f"{other / first:.2f} ×" if first >= 0.01 else "" for other in others]
    return [*(f"{one:.2f}" for one in seconds), *ratios]

"""The stages of both runtimes as a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.results import REST, Measured

BARE = "bare restore"
_COLOURS = {"process": "#1f6f8b", "compose": "#e07a1f", BARE: "#9a9a9a"}
_BAR = 0.27


def draw(measured: Measured, path: Path) -> Path:
    """Write an SVG with a bar for each stage on each runtime, and for the bare restore, to ``path``."""
    rows = [*measured.stages, REST]
    figure = Figure(figsize=(8, 0.6 * len(rows) + 1.2), layout="constrained")
    axes = figure.add_subplot()
    for at, (name, seconds) in enumerate(_series(measured).items()):
        places = [row + at * _BAR for row in range(len(seconds))]
        bars = axes.barh(places, seconds, height=_BAR, label=name, color=_COLOURS[name])
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7)
    axes.set_yticks([row + _BAR for row in range(len(rows))], rows)
    axes.invert_yaxis()
    axes.set_xlabel("seconds (median)")
    axes.set_title(f"{measured.size} set: where a drill's time goes", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "restoreproof", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
    return path


def _series(measured: Measured) -> dict[str, list[float]]:
    drilled = {
        runtime: [measured.stage_s(runtime, stage) for stage in (*measured.stages, REST)]
        for runtime in measured.runtimes
    }
    return {**drilled, BARE: [measured.bare_stage_s(stage) for stage in measured.stages]}

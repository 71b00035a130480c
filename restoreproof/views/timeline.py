"""``timeline.svg``."""

from __future__ import annotations

from restoreproof.views.bundle import Bundle
from restoreproof.views.timeline_plot import draw


def write(bundle: Bundle) -> None:
    """Write the plot of the stages on its own, as the page embeds it."""
    (bundle.directory / "timeline.svg").write_text(draw(bundle.record), encoding="utf-8")

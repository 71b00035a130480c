"""``index.html``: the page a reviewer reads first."""

from __future__ import annotations

from markupsafe import Markup

from restoreproof.record.model import Record
from restoreproof.views.bundle import Bundle
from restoreproof.views.page.sections import compose
from restoreproof.views.template_environment import environment


def write(bundle: Bundle) -> None:
    """Write the page: one file, no script, nothing fetched."""
    (bundle.directory / "index.html").write_text(page(bundle.record), encoding="utf-8")


def page(record: Record) -> str:
    """Return the page of ``record``; everything that came from a backup is escaped and bounded."""
    # The plot is markup of our own making, in which each text was escaped when it was drawn.
    return environment().get_template("page.html.j2").render(sheet=compose(record), drawn=Markup)

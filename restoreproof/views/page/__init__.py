"""``index.html``: the page a reviewer reads first."""

from restoreproof.views.page.view import write

__all__ = ["write"]

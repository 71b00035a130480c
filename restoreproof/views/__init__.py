"""The views of a record. Each module here that has a ``write(bundle)`` is one; a new one needs no list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from restoreproof.views.bundle import Bundle


def every_view() -> Iterator[tuple[str, Callable[[Bundle], None]]]:
    """The name and the writer of each view, in alphabetical order."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        write = getattr(importlib.import_module(f"{__name__}.{found.name}"), "write", None)
        if write is not None:
            yield found.name, write

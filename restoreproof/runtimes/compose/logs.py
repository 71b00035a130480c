"""What containers logged, kept as files from before they are removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_KEPT = 20_000
"""Lines of one container that are kept; the evidence bounds bytes and lines once more."""


def append_log(directory: Path, service: str, container: Any) -> None:
    """Append what ``container`` logged to the log of ``service``: it may have had another one before."""
    if text := container.logs(tail=_KEPT):
        with (directory / f"{service}.log").open("ab") as file:
            file.write(text)

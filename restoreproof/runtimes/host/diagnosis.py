"""What was found of a machine when it was asked whether it can drill."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; where it is not ``ok``, ``detail`` ends with the next step."""

    what: str
    ok: bool
    detail: str


def diagnosis(what: str, ok: bool, detail: str, hint: str) -> Diagnosis:
    """Return a finding that names ``hint`` as the next step where it is not ``ok``."""
    return Diagnosis(what, ok, detail if ok else f"{detail}; next: {hint}")


def disk(what: str, path: Path, wanted_gib: float, hint: str) -> Diagnosis:
    """Return whether ``wanted_gib`` are free at ``path``, or where it would be made."""
    existing = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free / 2**30
    return diagnosis(what, free >= wanted_gib, f"{free:.1f} GiB free at {existing}", hint)


def writable(path: Path) -> bool:
    """Return whether we may write at ``path``, or where it would be made."""
    existing = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    return os.access(existing, os.W_OK)

"""Proof of when an asset came back that the harness did not write itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ArrivalTrace:
    """When something arrived (``at``, UTC) by a trace of ``source``, which is not the harness."""

    at: datetime
    source: str

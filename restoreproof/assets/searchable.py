"""What is searched for forbidden material, as far as the search has to know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Searchable:
    """One thing to search for forbidden material.

    Attributes:
        label: the name that a person knows it by.
        read: returns its bytes, piece by piece. It raises EnvironmentUnfitError if that can't be done here,
            and RestoreFailed if the backup is at fault.
    """

    label: str
    read: Callable[[], Iterator[bytes]]

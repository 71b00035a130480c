"""What production is like, as the contract declares it, so that a drill can say how its target differs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from restoreproof.contract.rules import Rule

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Subject(StrEnum):
    """What of a target is compared with production, and what a check may rest on (``@rests-on:``)."""

    ENGINE = "engine"
    PROGRAM = "program"
    EXTENSION = "extension"
    COLLATION = "collation"
    DATA_SIZE = "data-size"
    CPUS = "cpus"
    MEMORY = "memory"


class Machine(Rule):
    """The machine that production's database runs on."""

    cpus: PositiveInt | None = None
    memory_gib: PositiveInt | None = None


class Production(Rule):
    """What is not stated here is told as not declared, and compared with nothing.

    ``engines`` maps a service to its version (``"18.4"``), ``programs`` to the digest of its image, or of
    the program in its wheel; ``extensions`` a name to its version. ``collation`` is how the databases are
    collated, ``collation_version`` what their provider (ICU, glibc) says of itself. ``data_gib`` is how much
    all of them hold; from the part ``data_enough`` of it on, times of a drill are taken for production's.
    """

    engines: dict[str, str] = Field(default_factory=dict)
    programs: dict[str, Digest] = Field(default_factory=dict)
    extensions: dict[str, str] = Field(default_factory=dict)
    collation: str | None = None
    collation_version: str | None = None
    data_gib: PositiveFloat | None = None
    data_enough: float = Field(default=0.5, ge=0, le=1)
    machine: Machine = Machine()

"""What production is like, as the contract declares it, so that a drill can say how its target differs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from restoreproof.contract.declarations import AssetName, ServiceName
from restoreproof.contract.rules import RuleBlock

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Subject(StrEnum):
    """Subject of comparison between a target and production; a check may rest on it (``@rests-on:``)."""

    ENGINE = "engine"
    PROGRAM = "program"
    EXTENSION = "extension"
    COLLATION = "collation"
    DATA_SIZE = "data-size"
    CPUS = "cpus"
    MEMORY = "memory"


PLACED = frozenset({Subject.ENGINE, Subject.PROGRAM, Subject.EXTENSION, Subject.COLLATION})
"""What each service or database has for itself, so that a check may rest on one of them alone."""

MEMORY_TOLERANCE = 0.05
"""The part by which memory may differ: a machine that is sold with 64 GiB shows 62.7."""


class Machine(RuleBlock):
    """The machine that production's database runs on. Memory counts as the same within 5 %."""

    cpus: PositiveInt | None = None
    memory_gib: PositiveInt | None = None


class Production(RuleBlock):
    """Production as the contract declares it; what is left out is compared with nothing, and told so.

    ``engines`` maps a service to its version (``"18.4"``), ``programs`` to the digest of its image, or of
    the program in its wheel; ``extensions`` a name to its version. ``collation`` is how the databases are
    collated, ``collation_version`` what their provider (ICU, glibc) says of itself: of each of them, or by
    the names of their assets. ``data_gib`` is how much all of them hold; from the part ``data_enough`` of it
    on, times of a drill are taken for production's.
    """

    engines: dict[ServiceName, str] = Field(default_factory=dict)
    programs: dict[ServiceName, Digest] = Field(default_factory=dict)
    extensions: dict[str, str] = Field(default_factory=dict)
    collation: str | dict[AssetName, str] | None = None
    collation_version: str | dict[AssetName, str] | None = None
    data_gib: PositiveFloat | None = None
    data_enough: float = Field(default=0.5, gt=0, le=1)
    machine: Machine = Machine()

    def collated(self, asset: str) -> tuple[str | None, str | None]:
        """Return locale and version by which the database of ``asset`` is collated; None where undeclared."""
        return _of(self.collation, asset), _of(self.collation_version, asset)

    @property
    def collated_by_name(self) -> frozenset[str]:
        """Assets whose databases are declared by name."""
        declared = (self.collation, self.collation_version)
        return frozenset(
            name for declaration in declared if isinstance(declaration, dict) for name in declaration
        )


def _of(declared: str | dict[str, str] | None, asset: str) -> str | None:
    return declared.get(asset) if isinstance(declared, dict) else declared

"""Parts of a set that are no files of it: a provider keeps them, and the set only says under which name."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from restoreproof.backups.missing import PartName

IN_PLACE: Final = "in-place"
"""The reference of what is there already: nothing is restored, it is only looked at."""

ReferenceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9/][A-Za-z0-9._:/@+=,-]{0,511}$")]
"""It becomes an argument of the user's command: nothing in it may pass for an option or steer a terminal."""
AssetName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]
Engine = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]


class Reference(BaseModel):
    """One asset's part of a set, where a provider keeps it.

    ``engine`` is the version that wrote it and ``bytes`` its size, as whoever adopted it says; ``parts``
    names what a set of files would hold in its place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: ReferenceName
    engine: Engine | None = None
    bytes: NonNegativeInt | None = None
    parts: tuple[PartName, ...] = Field(default=(), max_length=200)

    @property
    def in_place(self) -> bool:
        """Whether it is there already."""
        return self.reference == IN_PLACE

    def __str__(self) -> str:
        """As a person reads it."""
        engine = f" (engine {self.engine})" if self.engine else ""
        return f"{self.reference}{engine}"

"""What an adopted set never had. It is told, and what rests on it is not verified: lacking is not lost."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

ROLES: Final = "roles"
CATALOGUE: Final = "catalogue"
OBJECTS: Final = "objects"
IDENTITY: Final = "identity"
SECRETS: Final = "secrets"
CUSTODY: Final = "custody"
PROXY: Final = "proxy"
RELEASE: Final = "release"

PartName = Annotated[str, Field(pattern=r"^[a-z]+(?:/[A-Za-z0-9][A-Za-z0-9_.-]{0,127})?$")]
Reason = Annotated[str, Field(max_length=300)]


class Adoption(BaseModel):
    """``lacks``: each part that was not given, and what follows from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lacks: dict[PartName, Reason] = Field(max_length=200)


class PartMissing(Exception):
    """Something was asked of a part that the adopted set never had: there is nothing to say of the backup."""

    said: ClassVar[str] = "the adopted set lacks {part}: {reason}"

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(self.said.format(part=part, reason=reason))
        self.part = part


class NotInTarget(PartMissing):
    """Something was asked of a service that a target made by somebody else never had, or can't do."""

    said: ClassVar[str] = "the target lacks {part}: {reason}"


def bucket_part(bucket: str) -> str:
    """The part that holds the objects of one bucket."""
    return f"{OBJECTS}/{bucket}"

"""What is learnt of an asset while it is taken, and read again from the catalogue at a drill."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from restoreproof.backups.catalogue import AssetKnown, Catalogue
from restoreproof.errors import UsageError

ExpectationT = TypeVar("ExpectationT", bound=BaseModel)


@dataclass(slots=True)
class Learnt:
    """One asset's part of the catalogue, filled while the asset is taken; see ``catalogue.AssetKnown``."""

    recovery_point: datetime | None = None
    newest: datetime | None = None
    expectations: dict[str, BaseModel] = field(default_factory=dict)

    def known(self, asset: str, kind: str) -> AssetKnown:
        """Return the finished part of ``asset``, which is of ``kind``."""
        expectation = self.expectations.get(asset)
        holds = expectation.model_dump(mode="json") if expectation else {}
        return AssetKnown(kind=kind, recovery_point=self.recovery_point, newest=self.newest, holds=holds)


def expected(catalogue: Catalogue | None, asset: str, model: type[ExpectationT]) -> ExpectationT | None:
    """Return what the catalogue expects of ``asset``, as its kind's ``model``; None where it expects nothing.

    Raises:
        UsageError: the catalogue holds something else there.
    """
    part = catalogue.assets.get(asset) if catalogue else None
    if part is None or not part.holds:
        return None
    try:
        return model.model_validate(part.holds)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(("assets", asset, "holds", *map(str, first["loc"])))
        raise UsageError(
            f"not what its kind put into the catalogue: {key}: {first['msg']}",
            hint="restore the catalogue from where the backup job put it",
        ) from error

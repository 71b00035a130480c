"""References: how a model's field or a check's parameter says which noun of the contract it names."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ref:
    """A name of the contract, of the kind that ``kind`` says, as in ``Annotated[str, Ref("dataset")]``.

    Attributes:
        kind: the noun in the singular, as lint messages say it: asset, bucket, dataset, queue, …
    """

    kind: str


def references_in(annotated: Callable[..., object] | type) -> dict[str, str]:
    """Return the kind of noun that each parameter or field names; those that name none are left out.

    Raises:
        NameError, AttributeError: an annotation uses a name that its module does not have at run time.
    """
    hints = typing.get_type_hints(annotated, include_extras=True)
    return {
        name: reference.kind
        for name, hint in hints.items()
        for reference in getattr(hint, "__metadata__", ())
        if isinstance(reference, Ref)
    }

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
        where_listed: whether it may be anything as long as the contract defines no noun of that kind at all.
        ties: whether a feature that speaks of the noun around this name speaks of the named one too.
        shows_query: whether the query of the named noun is also what the noun around this name is read by.
    """

    kind: str
    where_listed: bool = False
    ties: bool = True
    shows_query: bool = False


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

"""What a model's field may declare of itself, so that one walk over the models knows every name and query.

A field is annotated with one of the marks below. An asset kind or a component of another distribution
declares itself the same way::

    class RedisAsset(Asset):
        keyspaces: dict[Annotated[str, Defines("keyspace")], Keyspace]
        store: Annotated[str, Ref("service")]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from restoreproof.contract.ref import Ref


@dataclass(frozen=True, slots=True)
class Defines:
    """Mark of a text or key that names a noun; what stands below it belongs to that noun.

    Attributes:
        kind: what the noun is, in one word or several: ``dataset``, ``bucket``.
        spoken: whether a feature has to speak of it; false where a drill makes use of it anyway.
        parameter: whether SQL of the contract may ask for it as ``:name``.
    """

    kind: str
    spoken: bool = True
    parameter: bool = False


@dataclass(frozen=True, slots=True)
class Expands:
    """Mark of a text that may hold ``$NAME``, variables of the restored environment."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Mark of a field of type ``Sql``: the parameters that it may ask for.

    Attributes:
        also: names beside those of the contract.
        common: whether it may ask for the recovery point and the contract's own parameters.
    """

    also: frozenset[str] = frozenset()
    common: bool = True


StageName = Annotated[str, Ref("stage", ties=False)]
"""A stage of the order. What is restored or started at one says nothing of it: a feature does."""
AssetName = Annotated[str, Ref("asset")]
"""An asset of the contract."""
ServiceName = Annotated[str, Ref("service")]
"""A service of the contract."""
BucketName = Annotated[str, Ref("bucket")]
"""A bucket, by the name that an asset gives it."""
VariableName = Annotated[str, Ref("variable", where_listed=True)]
"""The name of a variable of the restored environment, without ``$``."""
VariableText = Annotated[str, Expands()]
"""A text with ``$NAME`` in it, as ``variables.resolve`` reads it."""

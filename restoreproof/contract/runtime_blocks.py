"""Blocks of a contract that one runtime reads: their models come with the runtimes, found by name.

A runtime (an entry point in the group ``restoreproof.runtimes``) whose ``block`` is a ``RuntimeBlock`` adds
the key of its own name to every contract::

    class CloudBlock(RuntimeBlock):
        region: str
        store: Annotated[str, Ref("service")]

    class CloudDriver(RuntimeDriver):
        name = "cloud"
        block = CloudBlock
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from restoreproof import doors
from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem, nearest
from restoreproof.errors import PluginError


class RuntimeBlock(BaseModel):
    """Base of a runtime's ``block``: frozen, all keys known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def problems(self, contract: Contract) -> Iterator[Problem]:
        """Yield what is wrong with the block beyond its shape and the names in it; asked at every load."""
        yield from ()


def contract_model(data: object) -> type[Contract]:
    """Return the model of a contract, with the blocks of the runtimes that ``data`` names.

    A runtime is imported only for a key that is its name, or is like it and no other key of a contract.

    Args:
        data: the contract as plain values; anything, since it is not validated yet.

    Raises:
        PluginError: a runtime can't be imported, its block is no ``RuntimeBlock``, or its name is a key that
            every contract has.
    """
    keys = _keys()
    unknown = (
        [key for key in data if isinstance(key, str) and key not in keys] if isinstance(data, dict) else []
    )
    return _with_blocks(door for door in _runtimes() if any(nearest(key, [door.name]) for key in unknown))


def whole_model() -> type[Contract]:
    """Return the model of a contract with the block of every runtime. Raises PluginError."""
    return _with_blocks(_runtimes())


def runtime_blocks(contract: Contract) -> Iterator[RuntimeBlock]:
    """Yield the blocks that ``contract`` has for runtimes."""
    for runtime in contract.runtime_fields:
        block = contract.runtime_block(runtime)
        if isinstance(block, RuntimeBlock):
            yield block


def _keys() -> set[str]:
    return {field.alias or name for name, field in Contract.model_fields.items()}


def _runtimes() -> tuple[doors.Door, ...]:
    runtimes, keys = doors.entries(doors.RUNTIMES), _keys()
    for door in runtimes:
        if door.name in keys:
            raise PluginError(
                f"{door} is called like a key that every contract has",
                hint=f"report it to {door.distribution}: its runtime needs another name",
            )
    return runtimes


def _with_blocks(runtimes: Iterator[doors.Door] | tuple[doors.Door, ...]) -> type[Contract]:
    blocks = ((door.name, _block(door)) for door in runtimes)
    return _derived(tuple((name, block) for name, block in blocks if block))


def _block(door: doors.Door) -> type[RuntimeBlock] | None:
    block = getattr(door.open(), "block", None)
    if block is None:
        return None
    if not (isinstance(block, type) and issubclass(block, RuntimeBlock)):
        raise PluginError(
            f"{door}: its block is no {RuntimeBlock.__module__}.{RuntimeBlock.__name__}",
            hint=f"report it to {door.distribution}",
        )
    return block


@lru_cache
def _derived(blocks: tuple[tuple[str, type[RuntimeBlock]], ...]) -> type[Contract]:
    names = {name: f"block_{number}" for number, (name, _) in enumerate(blocks)}
    fields: dict[str, Any] = {
        names[name]: (block | None, Field(default=None, alias=name)) for name, block in blocks
    }
    model = create_model(
        Contract.__name__, __base__=Contract, __module__=__name__, __doc__=Contract.__doc__, **fields
    )
    model.runtime_fields = MappingProxyType(names)
    return model

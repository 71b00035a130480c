"""The block of a contract that one runtime reads: its model comes with the runtime, and is found by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from restoreproof import doors
from restoreproof.errors import PluginError

if TYPE_CHECKING:
    from restoreproof.contract.models import Contract
    from restoreproof.contract.problems import Problem


class RuntimeBlock(BaseModel):
    """What a runtime's ``block`` is derived from; its keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def problems(self, contract: Contract) -> Iterator[Problem]:
        """Yield what is wrong with it beyond its shape and the names in it; this is asked at every load."""
        yield from ()


@dataclass(frozen=True, slots=True)
class ReadBy:
    """Marks a field that holds the block of the runtime called ``runtime``, or None."""

    runtime: str

    def model(self) -> type[RuntimeBlock]:
        """Return the model of the block.

        Raises:
            PluginError: no such runtime is registered, it can't be imported, or it has no block.
        """
        door = next((door for door in doors.entries(doors.RUNTIMES) if door.name == self.runtime), None)
        if door is None:
            raise PluginError(
                f"no runtime {self.runtime!r} is registered, so nothing knows its block of a contract",
                hint="install restoreproof anew",
            )
        model = getattr(door.open(), "block", None)
        if not (isinstance(model, type) and issubclass(model, RuntimeBlock)):
            raise PluginError(f"{door} has no block", hint=f"report it to {door.distribution}")
        return model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.model() | None)

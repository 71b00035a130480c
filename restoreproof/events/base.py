"""The base of every event: a frozen model with a name, the process that may send it, and its bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from pydantic_core.core_schema import ValidationInfo

OUTER = "outer"
INNER = "inner"


class Excess(Enum):
    """The treatment of a value over its bound: the context that an event is validated with.

    Without a context, as in a constructor, the value stays as it is: what is cut before the redactor has read
    it may hold half of a secret.
    """

    CUT = auto()
    REFUSE = auto()


@dataclass(frozen=True, slots=True)
class AtMost:
    """The most that a text (characters), a list or a mapping (items) may hold."""

    limit: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._hold, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bounded = handler(schema)
        keywords = {"string": "maxLength", "array": "maxItems", "object": "maxProperties"}
        return {**bounded, keywords[bounded["type"]]: self.limit}

    def _hold(self, value: Any, info: ValidationInfo) -> Any:
        if info.context is None or len(value) <= self.limit:
            return value
        if info.context is Excess.REFUSE:
            raise PydanticCustomError("over_bound", "longer than {limit}", {"limit": self.limit})
        if isinstance(value, str):
            return cut(value, self.limit)
        if isinstance(value, dict):
            return {key: value[key] for key, _ in zip(value, range(self.limit), strict=False)}
        return value[: self.limit]


def cut(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of ``text``; what was cut ends with an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


Name = Annotated[str, AtMost(200)]
"""Of a service, an asset, a stage, a tool."""
CheckId = Annotated[str, AtMost(500)]
Digest = Annotated[str, AtMost(200)]
Moment = Annotated[str, AtMost(100)]
"""In ISO 8601."""
Line = Annotated[str, AtMost(1000)]
Text = Annotated[str, AtMost(4000)]
Page = Annotated[str, AtMost(20_000)]
"""The last lines of a log, a query, a docstring."""
Count = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Duration = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
"""In seconds; none is negative."""
Flag = Annotated[bool, Field(strict=True)]


class EventPart(BaseModel):
    """The base of a part of an event that has fields of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _encodable(cls, value: Any) -> Any:
        """Half a surrogate pair (a file name in another encoding) fits no file: it becomes "?"."""
        return _without_surrogates(value)


class Event(EventPart):
    """The base of all events of a drill; one class for each ``type``.

    ``sender`` is the process that may send it: one that is the outer's is refused from the inner process, so
    restored code that reached the pipe could still not declare the target isolated or torn down.
    """

    sender: ClassVar[str]
    type: str

    def data(self) -> dict[str, Any]:
        """Return the fields that were given, as JSON values: what a line of the journal holds as ``data``."""
        return self.model_dump(mode="json", exclude={"type"}, exclude_unset=True)

    def rewritten(self, rewrite: Callable[[Any], Any]) -> Self:
        """Return this event with ``rewrite`` (of a redactor, say) applied to its data, cut to its bounds."""
        return self.model_validate(rewrite(self.data()), context=Excess.CUT)


class OuterEvent(Event):
    """An event of the outer process, which alone sees the host."""

    sender: ClassVar[str] = OUTER


class InnerEvent(Event):
    """An event of the inner process: pytest in the sandbox."""

    sender: ClassVar[str] = INNER


class Emitter(Protocol):
    """A sink of events."""

    def emit(self, event: Event) -> None:
        """Append one event."""


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value

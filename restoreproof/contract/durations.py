"""Spans of time as a contract writes them: ``15m``, ``4h``, ``30 days``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

PATTERN = r"^\d+(\.\d+)? ?(s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?)$"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(text: object) -> float:
    """Return the seconds that ``text`` means.

    Raises:
        ValueError: it is not a positive number with a unit.
    """
    if not isinstance(text, str) or not re.match(PATTERN, text):
        raise ValueError(f"{text!r} is not a span of time; write it like 90s, 15m, 4h or 30 days")
    number, unit = re.split(r"(?<=\d) ?(?=[a-z])", text)
    value = float(number) * _SECONDS[unit[0]]
    if value <= 0:
        raise ValueError(f"{text!r} is no time at all")
    return value


_SPAN = {"type": "string", "pattern": PATTERN, "examples": ["15m", "4h", "30 days"]}

Seconds = Annotated[float, BeforeValidator(seconds), WithJsonSchema(_SPAN)]
"""A field written as a span of time and read as seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span that counts back from the recovery point; ``text`` is how the contract writes it."""

    text: str
    span: timedelta

    @property
    def interval(self) -> str:
        """Span as the text of a PostgreSQL interval, in hours so that no time zone can stretch a day."""
        return f"{self.span.total_seconds() / 3600:g} hours"

    @classmethod
    def parse(cls, text: object) -> Window:
        """Return the window that ``text`` writes. Raises ValueError as ``seconds`` does."""
        if isinstance(text, Window):
            return text
        return cls(str(text), timedelta(seconds=seconds(text)))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda window: window.text),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(_SPAN)

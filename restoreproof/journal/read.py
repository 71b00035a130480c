"""The reader of a journal: each line is an event of a known type, with its number and time of sending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from restoreproof.errors import EvidenceError
from restoreproof.events import EVENTS, Event, Excess, event_of
from restoreproof.events.base import AtMost, Number, Real

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one event; longer ones are refused, so a hostile backup can't fill the disk in one line."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of the journal.

    ``seq`` counts the events of ``source`` from 1. ``at`` is UTC, ``mono`` seconds of CLOCK_MONOTONIC on the
    drill's machine.
    """

    seq: int
    source: str
    at: str
    mono: float
    event: Event

    @property
    def type(self) -> str:
        """The type of the event."""
        return self.event.type


class Envelope(BaseModel):
    """The envelope of an event in its line; ``data`` is not looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: Number
    source: Literal["outer", "inner"]
    type: Annotated[str, AtMost(100)]
    at: Annotated[str, AtMost(100)]
    mono: Real
    data: dict[str, Any]


def parse_line(line: bytes, excess: Excess = Excess.REFUSE, *, foreign: bool = False) -> JournalLine:
    """Return one line of a journal as its event; ``excess`` and ``foreign`` as for ``event_of``.

    Raises:
        EvidenceError: it is no event of a known type, or holds what that type does not.
    """
    if len(line) > MAX_LINE:
        raise EvidenceError(f"a journal line of {len(line)} bytes is longer than {MAX_LINE}")
    try:
        around = Envelope.model_validate(json.loads(line), context=Excess.REFUSE)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"not a journal event: {line[:80]!r}") from error
    event_class = EVENTS.get(around.type)
    if event_class is None:
        raise EvidenceError(f"event {around.seq} of {around.source!r} is of an unknown type: {around.type!r}")
    if event_class.sender != around.source:
        raise EvidenceError(f"event {around.seq}: {around.source!r} may not record {around.type!r}")
    if "type" in around.data:
        raise EvidenceError(f"event {around.seq}: {around.type!r} names a type in its data too")
    try:
        event = event_of(around.type, around.data, excess, foreign=foreign)
    except ValidationError as error:
        raise EvidenceError(f"event {around.seq}: {around.type!r} {_wrong(error)}") from error
    except RecursionError as error:
        raise EvidenceError(f"event {around.seq}: {around.type!r} is nested too deeply") from error
    return JournalLine(around.seq, around.source, around.at, around.mono, event)


def read_journal(path: Path) -> Iterator[JournalLine]:
    """Yield the lines of a journal file, in order; one of an older version may have fields that went.

    Raises:
        EvidenceError: a line is torn, or no event.
    """
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE + 1):
            yield parse_line(line, Excess.CUT, foreign=True)


def _wrong(error: ValidationError) -> str:
    """The first error in words, without the value, which may be a secret."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"][1:])[:200] or "it"
    return f"is not what it may be: {field}: {first['msg'][:200]}"

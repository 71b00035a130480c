"""Work that waits: queues, the review that lets the workers resume, and the drill's own piece of work."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from restoreproof.contract.declarations import AssetName, Parameters, ServiceName
from restoreproof.contract.durations import Seconds
from restoreproof.contract.noun import Noun
from restoreproof.contract.ref import Ref
from restoreproof.contract.sql import FixedSql, Sql


class Queue(Noun):
    """Queue of work that waits: ``sql`` yields ``kind`` and ``items``.

    ``taken`` yields when an item was first taken from it, or added to it, after the recovery point, or null.
    ``items`` yields ``item`` for each: what tells it from every other, also after a replay.
    """

    database: AssetName
    sql: Sql
    items: FixedSql | None = None
    taken: Sql | None = None


class Review(BaseModel):
    """Review of the queues: who lets the workers resume, and how much of each class may wait in which."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, Ref("queue")], dict[str, NonNegativeInt]] = Field(init=False)

    approver: str = Field(min_length=1)

    @property
    def limits(self) -> dict[str, dict[str, int]]:
        """Limits by queue and class; a class that is not listed may not wait at all."""
        return dict(self.__pydantic_extra__ or {})


class Canary(Noun):
    """A piece of work of the drill's own; ``done`` reads the state of ``:job``."""

    database: AssetName
    service: ServiceName
    enqueue: Sql
    done: Annotated[Sql, Parameters(also=frozenset({"job"}))]
    state: str = "done"
    deadline_s: Seconds = Field(default=60.0, alias="deadline")

"""What a service of Postgres takes in a contract."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from restoreproof.components.base import ComponentOptions

_Major = Annotated[
    int, WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+$"}]})
]


class PostgresOptions(ComponentOptions):
    """Keys of a PostgreSQL service: major ``version``, ``settings`` (GUCs), ``fsync`` for a durable target.

    ``runs_programs: true`` says that what is restored runs programs of the operating system, as is known.
    """

    version: _Major | None = None
    fsync: bool = False
    runs_programs: bool = False
    settings: dict[str, str] = Field(default_factory=dict)


OPTIONS = PostgresOptions

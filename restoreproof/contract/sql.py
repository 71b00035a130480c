"""``:name`` parameters in contract SQL, handed to psycopg as parameters and never as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from restoreproof.contract.declarations import Parameters
from restoreproof.contract.problems import nearest
from restoreproof.errors import ContractError

_TOKEN = re.compile(
    r"""
      (?P<text> [eE]'(?:[^'\\]|\\.|'')*'          # E'…' knows backslashes
              | '(?:[^']|'')*'
              | "(?:[^"]|"")*"
              | (?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$   # $tag$ … $tag$
              | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<cast> ::|:= )
    | :(?P<name> [A-Za-z_]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)


class Sql(str):
    """SQL text of a contract, as the type of a model's field."""

    __slots__ = ()

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the parameters that the SQL asks for."""
        return frozenset(name for _, name in _pieces(self) if name)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


FixedSql = Annotated[Sql, Parameters(common=False)]
"""SQL that gets no parameters."""


def bind(sql: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return ``sql`` for psycopg's ``execute(query, parameters)``, with just the ``values`` it asks for.

    Casts, literals, quoted names and comments are left alone; ``%`` is doubled everywhere, since psycopg
    reads it in literals too. Pass both results on, also when there are no parameters. Give moments as
    ``datetime`` and windows as ``timedelta``: a bare string has no type to subtract.

    Raises:
        ContractError: a parameter has no value.
    """
    written: list[str] = []
    used: dict[str, Any] = {}
    for text, name in _pieces(sql):
        written.append(text.replace("%", "%%"))
        if name is None:
            continue
        if name not in values:
            meant = nearest(name, values)
            hint = (
                f"did you mean :{meant}?" if meant else f"known here: {', '.join(sorted(values)) or 'none'}"
            )
            raise ContractError(f"a query asks for :{name}, and nothing gives it a value", hint=hint)
        used[name] = values[name]
        written.append(f"%({name})s")
    return "".join(written), used


def _pieces(sql: str) -> Iterator[tuple[str, str | None]]:
    """Yield the text up to each parameter with the parameter's name, and the rest with None."""
    start = position = 0
    while match := _TOKEN.search(sql, position):
        position = _comment_end(sql, match.start()) if match["comment"] else match.end()
        if match["name"]:
            yield sql[start : match.start()], match["name"]
            start = position
    yield sql[start:], None


def _comment_end(sql: str, start: int) -> int:
    """Return where the comment that opens at ``start`` ends; PostgreSQL's comments nest."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", sql[start:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return start + mark.end()
    return len(sql)

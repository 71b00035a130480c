"""Rows of the restored database, streamed: read-only, with a statement timeout, in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from restoreproof.assets.base import StackContext
from restoreproof.contract.sql import Sql, bind
from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Runtime

STATEMENT_TIMEOUT_MS = 300_000
BATCH = 2_000

_SESSION = (
    "-c default_transaction_read_only={readonly} "
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c datestyle=ISO -c extra_float_digits=3"
)


def parameters(stack_context: StackContext, sql: str, recovery_point: datetime) -> dict[str, Any]:
    """Values for the ``:names`` that a contract's ``sql`` uses: the recovery point, windows, people.

    Windows count back from ``recovery_point``, never from today: a backup does not age by lying about.
    """
    known: dict[str, Any] = {"recovery_point": recovery_point}
    known |= {name: window.span for name, window in stack_context.contract.windows.items()}
    for name in Sql(sql).parameters - known.keys():
        for asset in stack_context.assets():
            if (value := asset.parameter(stack_context, name)) is not None:
                known[name] = value
    return known


@contextmanager
def connect(
    runtime: Runtime, service: str, database: str, *, readonly: bool = True, autocommit: bool = False
) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection of the throw-away administrator to ``database`` on ``service``.

    A transaction is open, unless ``autocommit``; it is committed on leaving unless ``readonly``.
    """
    endpoint, admin = runtime.endpoint(service), runtime.administrator(service)
    with psycopg.connect(
        make_conninfo(**endpoint.libpq()),
        user=admin.user,
        password=admin.password.reveal(),
        dbname=database,
        connect_timeout=10,
        options=_SESSION.format(readonly="on" if readonly else "off"),
        row_factory=dict_row,
        autocommit=autocommit,
    ) as connection:
        yield connection


@contextmanager
def connect_asset(
    stack_context: StackContext, asset_name: str, *, readonly: bool = True
) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection to the database that the contract's asset ``asset_name`` restores."""
    block = stack_context.contract.assets[asset_name].model_dump()
    if "database" not in block or "service" not in block:
        raise ContractError(f"asset {asset_name!r} is no database")
    with connect(stack_context.runtime, block["service"], block["database"], readonly=readonly) as connection:
        yield connection


def stream(
    connection: psycopg.Connection[dict[str, Any]], sql: str, parameters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Rows of a contract's SQL through a server-side cursor: memory does not grow with rows."""
    query, values = bind(sql, dict(parameters))
    with connection.cursor(name="restoreproof") as cursor:
        cursor.itersize = BATCH
        cursor.execute(query.encode(), values)
        yield from cursor


def scalar(connection: psycopg.Connection[dict[str, Any]], sql: str, parameters: Mapping[str, Any]) -> Any:
    """The first column of the first row, or None."""
    query, values = bind(sql, dict(parameters))
    row = connection.execute(query.encode(), values).fetchone()
    return next(iter(row.values())) if row else None

"""Connections to PostgreSQL: in UTC, with a statement timeout, and read-only unless asked otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from restoreproof.redaction.redactor import Secret
from restoreproof.redaction.server_messages import shown_error
from restoreproof.runtimes.base import Endpoint, Stack

STATEMENT_TIMEOUT_MS = 300_000
CONNECT_TIMEOUT_S = 10

Connection = psycopg.Connection[dict[str, Any]]
"""A connection whose rows map column to value."""

_SESSION = (
    "-c default_transaction_read_only={readonly} "
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c datestyle=ISO -c extra_float_digits=3"
)


@contextmanager
def without_rows() -> Iterator[None]:
    """Take out of the errors that pass through here what they quote of rows: they end up in evidence."""
    try:
        yield
    except psycopg.Error as error:
        error.args = (shown_error(str(error)),)
        raise


@contextmanager
def connect(
    runtime: Stack, service: str, database: str, *, readonly: bool = True, autocommit: bool = False
) -> Iterator[Connection]:
    """Connect to ``database`` on ``service`` as the throw-away administrator.

    A transaction is open, unless ``autocommit``; it is committed on leaving unless ``readonly``.
    """
    endpoint, admin = runtime.endpoint(service), runtime.administrator(service)
    with (
        without_rows(),
        psycopg.connect(
            make_conninfo(**endpoint.libpq()),
            user=admin.user,
            password=admin.password.reveal(),
            dbname=database,
            connect_timeout=CONNECT_TIMEOUT_S,
            options=_SESSION.format(readonly="on" if readonly else "off"),
            row_factory=dict_row,
            autocommit=autocommit,
        ) as connection,
    ):
        _prove(connection, endpoint)
        yield connection


@contextmanager
def connect_by_url(runtime: Stack, url: Secret) -> Iterator[Connection]:
    """Connect to the database of ``url`` with the role and password in it; its host is a service's name."""
    parts = urlsplit(url.reveal())
    endpoint = runtime.endpoint(parts.hostname or "")
    with (
        without_rows(),
        psycopg.connect(
            make_conninfo(**endpoint.libpq()),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            dbname=parts.path.lstrip("/").partition("?")[0],
            connect_timeout=CONNECT_TIMEOUT_S,
            row_factory=dict_row,
        ) as connection,
    ):
        _prove(connection, endpoint)
        yield connection


def _prove(connection: Connection, endpoint: Endpoint) -> None:
    """Raise EnvironmentUnfitError unless this very connection leads to the server that the endpoint is of."""
    if endpoint.proof is None:
        return
    row = connection.execute(endpoint.proof.query.encode()).fetchone()
    answer = next(iter((row or {}).values()), "")
    # psycopg returns bytes from a database without an encoding.
    endpoint.proof.check(answer.decode() if isinstance(answer, bytes) else str(answer))
    if not connection.autocommit:
        connection.rollback()  # the caller's transaction begins with its own first statement


@contextmanager
def snapshot(runtime: Stack, service: str, database: str) -> Iterator[tuple[Connection, str]]:
    """Open a repeatable-read transaction, and yield it with the name of its exported snapshot.

    What is dumped and what is counted then agree (PostgreSQL manual, "Snapshot Synchronization Functions").
    """
    with connect(runtime, service, database) as connection:
        connection.execute("set transaction isolation level repeatable read")
        row = connection.execute("select pg_export_snapshot() as name").fetchone()
        assert row is not None
        yield connection, str(row["name"])

"""The marker of a PostgreSQL server: a row of a table in the database ``postgres``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.marker import (
    NAME,
    TIMEOUT_S,
    Found,
    MarkerReader,
    MarkerRefused,
    Options,
    Silent,
    Unmarked,
    Unverified,
    moment,
)

_ROWS = 100
# libpq's own words, which are not translated here; whatever else is said was said by a server.
_NOBODY = re.compile(
    r"Connection refused|closed the connection unexpectedly|timeout expired|No route|unreachable"
    r"|Connection reset|Connection timed out|could not (?:send|receive) data|starting up|shutting down"
    r"|EOF detected|unexpected eof|closed unexpectedly"
)
_SAID_BY_A_SERVER = re.compile(r"\bFATAL:|\bERROR:")


class PostgresMarker(MarkerReader):
    """Reader of the table ``restoreproof_drill_marker (nonce text, created_at timestamptz)``."""

    def read(self, service: Service, endpoint: Endpoint, administrator: Credentials) -> Sequence[Found]:
        with _connected(endpoint, administrator) as connection:
            try:
                rows = connection.execute(
                    f"select nonce, created_at, now() from public.{NAME} limit {_ROWS}"
                ).fetchall()
            except psycopg.errors.UndefinedTable as error:
                raise Unmarked(f"its database postgres has no table {NAME}") from error
            except psycopg.Error as error:
                raise MarkerRefused(f"its table {NAME} can't be read: {error}") from error
        return [Found(str(nonce), moment(created_at), now) for nonce, created_at, now in rows]

    def holds(self, endpoint: Endpoint, administrator: Credentials, asset: Options) -> str | None:
        name = str(asset.get("database"))
        with _connected(endpoint, administrator) as connection:
            there = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
        return None if there is None else f"the database {name}"


def _connected(endpoint: Endpoint, administrator: Credentials) -> psycopg.Connection[Any]:
    """Return a read-only connection to the database ``postgres``. Raises Silent, Unverified, Unmarked."""
    try:
        return psycopg.connect(
            make_conninfo(**endpoint.libpq()),
            user=administrator.user,
            password=administrator.password.reveal(),
            dbname="postgres",
            connect_timeout=TIMEOUT_S,
            options=f"-c default_transaction_read_only=on -c statement_timeout={TIMEOUT_S * 1000}",
        )
    except psycopg.OperationalError as error:
        message = str(error).strip()
        if _NOBODY.search(message):
            raise Silent(message) from error
        if endpoint.tls and not _SAID_BY_A_SERVER.search(message):
            raise Unverified(message) from error
        raise MarkerRefused(f"it refuses its administrator: {message}") from error


PART = PostgresMarker

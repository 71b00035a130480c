"""The marker of a PostgreSQL server: a row of a table in the database ``postgres``."""

from __future__ import annotations

import json
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
    Gone,
    MarkerReader,
    MarkerRefused,
    MarkerTool,
    Options,
    Silent,
    Unmarked,
    Unverified,
    moment,
)

_ROWS = 100
# libpq's own words, which are not translated here; whatever else is said was said by a server.
_NOBODY = re.compile(
    r"closed the connection unexpectedly|timeout expired|No route|unreachable"
    r"|Connection reset|Connection timed out|could not (?:send|receive) data|starting up|shutting down"
    r"|EOF detected|unexpected eof|closed unexpectedly"
)
_GONE = re.compile(r"Connection refused")
_SAID_BY_A_SERVER = re.compile(r"\bFATAL:|\bERROR:")
# A base backup keeps the identifier of its cluster: the moment of the start tells a copy from its original.
_SERVER = (
    "(select system_identifier from pg_control_system())::text"
    " || '@' || extract(epoch from pg_postmaster_start_time())::text"
)
_MARKERS = f"select nonce, created_at, now() as now, {_SERVER} as server from public.{NAME} limit {_ROWS}"
_AS_JSON = (
    "select coalesce(json_agg(json_build_array(nonce, created_at, now, server)), '[]')"
    f" from ({_MARKERS}) as marker"
)


def _printed(output: bytes) -> Sequence[Found]:
    """Return the markers that ``psql`` printed for ``_AS_JSON``. Raises Unmarked if it printed none."""
    try:
        return [
            Found(str(nonce), moment(created_at), moment(now), str(server))
            for nonce, created_at, now, server in json.loads(output)
        ]
    except (ValueError, TypeError) as error:
        raise Unmarked("what was asked there printed no markers") from error


class PostgresMarker(MarkerReader):
    """Reader of the table ``restoreproof_drill_marker (nonce text, created_at timestamptz)``."""

    server_query = f"select {_SERVER}"
    tool = MarkerTool("psql", ("-XAtq", "-d", "postgres", "-c", _AS_JSON), _printed)

    def read(self, service: Service, endpoint: Endpoint, administrator: Credentials) -> Sequence[Found]:
        with _connected(endpoint, administrator) as connection:
            try:
                rows = connection.execute(_MARKERS.encode()).fetchall()
            except psycopg.errors.UndefinedTable as error:
                raise Unmarked(f"its database postgres has no table {NAME}") from error
            except psycopg.Error as error:
                raise MarkerRefused(f"its table {NAME} can't be read: {error}") from error
        return [Found(str(nonce), moment(created_at), now, server) for nonce, created_at, now, server in rows]

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
            client_encoding="utf8",  # of a server that knows no encoding psycopg would return bytes
            connect_timeout=TIMEOUT_S,
            options=f"-c default_transaction_read_only=on -c statement_timeout={TIMEOUT_S * 1000}",
        )
    except psycopg.OperationalError as error:
        message = str(error).strip()
        if _GONE.search(message) and not _NOBODY.search(_GONE.sub("", message)):
            raise Gone(message) from error
        if _NOBODY.search(message) or _GONE.search(message):
            raise Silent(message) from error
        if endpoint.tls and not _SAID_BY_A_SERVER.search(message):
            raise Unverified(message) from error
        raise MarkerRefused(f"it refuses its administrator: {message}") from error


PART = PostgresMarker

"""Bring rows and objects in, fast: COPY into the tables, concurrent puts into the buckets."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import obstore
import psycopg
from obstore.store import S3Store
from psycopg import sql
from psycopg.types.json import Jsonb

from wipe_platform.storage import attributes

IN_FLIGHT = 32


@dataclass(frozen=True)
class Upload:
    """One object to be."""

    store: S3Store
    key: str
    content: bytes = field(repr=False)
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)


def upload_all(uploads: Iterable[Upload]) -> int:
    """Put every object, many at a time; fails with the first that is refused.

    In threads and not in asyncio: obstore's asynchronous calls finish on threads of its own, and one that
    still wants the interpreter's lock when a short-lived process ends aborts it (exit 134 was seen).
    """
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return sum(1 for _ in pool.map(_put, uploads))


def _put(upload: Upload) -> None:
    obstore.put(
        upload.store,
        upload.key,
        upload.content,
        attributes=attributes(upload.content_type, **upload.metadata),
        use_multipart=False,
    )


def copy_rows(connection: psycopg.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """COPY rows (all with the same columns) into a table."""
    columns = list(rows[0])
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([_adapted(row[column]) for column in columns])


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value

"""Connections: one engine per role, and transactions that are bound to one tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, text


def engine_for(url: str) -> Engine:
    """An engine whose connections are checked before use and give up connecting after 5 s."""
    return create_engine(url, pool_pre_ping=True, pool_size=5, connect_args={"connect_timeout": 5})


@contextmanager
def as_tenant(engine: Engine, tenant_id: UUID | None) -> Iterator[Connection]:
    """A transaction that sees only this tenant's rows (row-level security); none for None.

    The setting is local to the transaction, so a pooled connection never carries it over.
    """
    with engine.begin() as connection:
        bind_tenant(connection, tenant_id)
        yield connection


def bind_tenant(connection: Connection, tenant_id: UUID | None) -> None:
    """From here to the end of the transaction, row-level security means this tenant."""
    connection.execute(
        text("select set_config('app.tenant_id', :tenant, true)"),
        {"tenant": str(tenant_id) if tenant_id else ""},
    )

"""The contract's queries: which database they are asked of, and the values of their ``:names``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.database import Database
from restoreproof.contract.sql import Sql
from restoreproof.errors import ContractError


def parameters(stack_context: StackContext, sql: str, recovery_point: datetime) -> dict[str, Any]:
    """Return values for the ``:names`` that a contract's ``sql`` uses: the recovery point, windows, people.

    Windows count back from ``recovery_point``, never from today: a backup does not age by lying about.
    """
    values: dict[str, Any] = {"recovery_point": recovery_point}
    values |= {name: window.span for name, window in stack_context.contract.windows.items()}
    for name in Sql(sql).parameters - values.keys():
        for asset in stack_context.assets():
            if (value := asset.parameter(stack_context, name)) is not None:
                values[name] = value
    return values


def restored_parameters(restore_context: RestoreContext, asset: str, sql: str) -> dict[str, Any]:
    """Return ``parameters`` at the recovery point of ``asset``, the one that the catalogue counted at."""
    return parameters(restore_context.stack_context, sql, restore_context.recovery_point(asset))


def open_database(
    stack_context: StackContext, asset: str, *, readonly: bool = True
) -> AbstractContextManager[Database]:
    """Open the database that the contract's asset ``asset`` restores, as the throw-away administrator.

    Unless ``readonly``, what was executed is committed on leaving.

    Raises:
        ContractError: there is no such asset, or it restores no database.
        DatabaseError: the server refuses, or does not answer.
    """
    return stack_context.asset(asset).connect(stack_context, readonly=readonly)


@contextmanager
def log_in(restore_context: RestoreContext, variable: str) -> Iterator[Database]:
    """Open the database of a restored URL, as the role and with the password that stand in it.

    Args:
        restore_context: the restore; its vault holds the URL, whose host is a service of the contract.
        variable: the name of the URL's variable in the restored environment.

    Raises:
        ContractError: no asset restores a database of that service.
        DatabaseError: the server refuses the login, or does not answer.
    """
    stack_context = restore_context.stack_context
    url = stack_context.vault.secret(variable)
    service = urlsplit(url.reveal()).hostname or ""
    keeper = next((asset for asset in stack_context.assets() if service in asset.stores()), None)
    if keeper is None:
        raise ContractError(f"{variable} names the server {service!r}, which no asset is restored into")
    with keeper.log_in(stack_context, url) as database:
        yield database

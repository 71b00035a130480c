"""Two databases on one server come back in one drill, whichever is first; a used server stays refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.base import BackupContext, RestoreContext, StackContext
from restoreproof.assets.learnt import Learnt
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.servers import SharedServers
from restoreproof.backups.verify import BackupSet
from restoreproof.contract.loader import parse
from restoreproof.errors import EnvironmentUnfitError

CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  %s: {component: postgres, port: 5432, starts: rows}
order: [rows]
assets:
  sales: {kind: postgres, at: rows, service: %s, database: sales, owner: clerk, roles: [clerk, seller]}
  stock: {kind: postgres, at: rows, service: %s, database: stock, owner: clerk, roles: [clerk, keeper]}
datasets:
  sold: {database: sales, sql: "select id from goods"}
  stored: {database: stock, sql: "select id from goods"}
"""
ROWS = {"sales": 3, "stock": 5}


def execute(stack_context: StackContext, service: str, *statements: str, database: str = "postgres") -> None:
    runtime = stack_context.runtime
    with connect(runtime, service, database, readonly=False, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def on(stack_context: StackContext, service: str) -> StackContext:
    """A drill of the two databases, which lie on ``service``."""
    contract = parse(CONTRACT % ((service,) * 3), stack_context.contract.path)
    return replace(stack_context, contract=contract, servers=SharedServers())


@pytest.fixture(scope="module")
def learnt(
    stack_context: StackContext, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Learnt]]:
    """The set of both, and what was learnt of each."""
    directory = tmp_path_factory.mktemp("both")
    roles = ("create role clerk login", "create role seller login", "create role keeper login")
    execute(stack_context, "source", *roles)
    contexts: dict[str, Learnt] = {}
    for name, rows in ROWS.items():
        execute(stack_context, "source", f"create database {name} owner clerk")
        execute(
            stack_context,
            "source",
            f"create table goods as select n as id from generate_series(1, {rows}) as n",
            database=name,
        )
        context = BackupContext(on(stack_context, "source"), directory, "", directory)
        context.stack_context.asset(name).back_up(context)
        contexts[name] = context.learnt
    return directory, contexts


@pytest.fixture
def restoring(
    stack_context: StackContext, restore_context: RestoreContext, learnt: tuple[Path, Any]
) -> Iterator[RestoreContext]:
    """A restore of both into a target that has neither."""
    backup = BackupSet(learnt[0], restore_context.backup.manifest, "0" * 64)
    yield RestoreContext(on(stack_context, "target"), backup, None)
    databases = (f"drop database if exists {name} with (force)" for name in ROWS)
    execute(
        stack_context,
        "target",
        *databases,
        *(f"drop role if exists {r}" for r in ("clerk", "seller", "keeper")),
    )


def rows_of(stack_context: StackContext, name: str) -> Any:
    with connect(stack_context.runtime, "target", name) as connection:
        return connection.execute("select count(*) as rows from goods").fetchone()


def test_what_is_learnt_of_one_is_not_overwritten_by_the_other(
    learnt: tuple[Path, dict[str, Learnt]],
) -> None:
    parts = {name: one.known(name, "postgres") for name, one in learnt[1].items()}
    assert {name: part.holds["tables"]["goods"]["rows"] for name, part in parts.items()} == ROWS  # type: ignore[index, call-overload]
    assert parts["sales"].holds["datasets"] == {"sold": {"rows": 3}}
    assert parts["stock"].holds["datasets"] == {"stored": {"rows": 5}}
    assert parts["sales"].recovery_point != parts["stock"].recovery_point
    assert {path.relative_to(learnt[0]).as_posix() for path in learnt[0].rglob("*.sql")} == {
        "postgres/sales/globals.sql", "postgres/stock/globals.sql"
    }  # fmt: skip


@pytest.mark.parametrize("first", ["sales", "stock", "both at once"])
def test_both_come_back(restoring: RestoreContext, first: str) -> None:
    names = sorted(ROWS, key=lambda name: name != first)
    with ThreadPoolExecutor(max_workers=2 if first == "both at once" else 1) as pool:
        restored = [pool.submit(restoring.stack_context.asset(name).restore, restoring) for name in names]
    assert [one.result() for one in restored] == [None, None]
    assert {name: rows_of(restoring.stack_context, name)["rows"] for name in ROWS} == ROWS


def test_a_server_that_was_used_before_is_refused_to_both(restoring: RestoreContext) -> None:
    execute(restoring.stack_context, "target", "create role clerk")
    for name in ROWS:
        with pytest.raises(EnvironmentUnfitError, match="the roles clerk are there already"):
            restoring.stack_context.asset(name).restore(restoring)

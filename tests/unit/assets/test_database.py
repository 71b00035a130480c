"""Nouns speak to a ``Database``: only PostgreSQL's own modules know its client."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import restoreproof
from restoreproof.assets.base import Asset, InstallContext, RestoreContext
from restoreproof.assets.dataset import log_in, open_database, restored_parameters
from restoreproof.assets.postgres.connection import CONNECT_TIMEOUT_S
from restoreproof.assets.provisioned import provisioned_file
from restoreproof.assets.vault import Vault
from restoreproof.backups.catalogue import AssetKnown
from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.errors import ContractError, EnvironmentUnfitError

PACKAGE = Path(restoreproof.__file__).parent
POSTGRES = ("assets/postgres/", "components/postgres/", "components/keycloak/class_archive.py")
"""The asset kind and the component, and what Keycloak's component does in Keycloak's own PostgreSQL."""

CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  orders-db: {component: postgres, port: 5432, starts: rows}
  stock-db: {component: postgres, port: 5432, starts: rows}
  web: {component: nginx, port: 80, starts: rows}
order: [rows]
assets:
  orders: {kind: postgres, at: rows, service: orders-db, database: shop, owner: clerk, roles: [clerk]}
  stock: {kind: postgres, at: rows, service: stock-db, database: shop, owner: keeper, roles: [keeper]}
  release: {kind: release, at: rows}
"""
SET_POINT, OWN_POINT = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 22, 0, 5, tzinfo=UTC)


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    return parse(CONTRACT, tmp_path / "stack.yaml")


def imports_client(path: Path) -> bool:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                names.add(node.module or "")
    return any(name.partition(".")[0] == "psycopg" for name in names)


def test_only_the_modules_of_postgresql_import_its_client() -> None:
    assert CONNECT_TIMEOUT_S > 0
    speaking = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if imports_client(path)
    }
    assert speaking, "nobody imports it, so nothing is shown"
    assert {path for path in speaking if not path.startswith(POSTGRES)} == set()


def restore(contract: Contract, environment: dict[str, str] | None = None) -> Any:
    """A restore as far as the contract's queries ask for it; ``stock`` has a point of its own."""
    stack_context = SimpleNamespace(
        contract=contract,
        vault=Vault(environment or {}, b""),
        assets=lambda: [],
        asset=contract.asset_block,
    )
    catalogue = SimpleNamespace(
        assets={
            "orders": AssetKnown(kind="postgres"),
            "stock": AssetKnown(kind="postgres", recovery_point=OWN_POINT),
        }
    )
    backup = SimpleNamespace(manifest=SimpleNamespace(recovery_point=SET_POINT))
    return RestoreContext(stack_context, backup, catalogue)  # type: ignore[arg-type]


def test_a_query_is_asked_at_the_recovery_point_of_its_own_asset(contract: Contract) -> None:
    context = restore(contract)
    sql = "select * from items where made <= :recovery_point"
    assert restored_parameters(context, "orders", sql)["recovery_point"] == SET_POINT
    assert restored_parameters(context, "stock", sql)["recovery_point"] == OWN_POINT


def test_an_asset_that_restores_no_database_is_named(contract: Contract) -> None:
    with pytest.raises(ContractError, match=r"the asset 'release' \(release\) restores no database"):
        open_database(restore(contract).stack_context, "release")


def test_a_login_at_a_server_that_no_asset_is_restored_into_is_named(contract: Contract) -> None:
    context = restore(contract, {"URL": "postgresql://clerk:hunter2@web/shop"})
    with pytest.raises(ContractError) as caught, log_in(context, "URL"):
        pass
    assert "URL names the server 'web'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def install(contract: Contract, directory: Path) -> InstallContext:
    stack_context: Any = SimpleNamespace(contract=contract)
    return InstallContext(stack_context, directory)


def test_each_of_two_servers_has_roles_of_its_own(contract: Contract, tmp_path: Path) -> None:
    for service in ("orders-db", "stock-db"):
        (tmp_path / service).mkdir()
        (tmp_path / service / "roles.sql").write_text(service)
    read = [provisioned_file(install(contract, tmp_path), name, "roles.sql").read_text() for name in (
        "orders-db", "stock-db"
    )]  # fmt: skip
    assert read == ["orders-db", "stock-db"]


def test_one_file_for_two_servers_is_refused_and_one_for_the_only_server_is_not(
    contract: Contract, tmp_path: Path
) -> None:
    (tmp_path / "roles.sql").touch()
    with pytest.raises(EnvironmentUnfitError, match="2 services of postgres: orders-db, stock-db"):
        provisioned_file(install(contract, tmp_path), "stock-db", "roles.sql")
    single = parse(
        "\n".join(line for line in CONTRACT.splitlines() if "stock" not in line), tmp_path / "stack.yaml"
    )
    assert provisioned_file(install(single, tmp_path), "orders-db", "roles.sql") == tmp_path / "roles.sql"


def test_a_file_that_provisioning_did_not_leave_is_named(contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfitError, match=r"left no roles\.sql for orders-db"):
        provisioned_file(install(contract, tmp_path), "orders-db", "roles.sql")


def test_a_kind_says_itself_whether_it_restores_a_database(contract: Contract) -> None:
    kinds = {name: contract.asset_block(name) for name in contract.assets}
    assert all(isinstance(block, Asset) for block in kinds.values())
    assert {name for name, block in kinds.items() if type(block).connect is not Asset.connect} == {  # type: ignore[attr-defined]
        "orders", "stock"
    }  # fmt: skip

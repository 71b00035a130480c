"""What the tests of the external runtime share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.external.commands import Commands

SHOP = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  web: {component: nginx, port: 8080, ports: {admin: 8081}, starts: smoke}
order: [database, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
"""


@pytest.fixture
def contract_of(tmp_path: Path) -> Callable[[str], Contract]:
    """The contract of a shop, with a block at its end."""
    return lambda block: parse(SHOP + block, tmp_path / "stack.yaml")


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    """Commands that run in ``tmp_path``, and know one secret."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    told = {"RESTOREPROOF_DRILL_ID": "d1", "TOLD": Secret("told", "a-secret-of-the-drill")}
    return Commands(tmp_path, private, told, Redactor())

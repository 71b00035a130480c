"""What a kind expects of its asset travels in the catalogue, in the kind's own form."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from restoreproof.assets.base import BackupContext, RestoreContext
from restoreproof.assets.postgres import PostgresKnown
from restoreproof.assets.registry import refuse_misread
from restoreproof.backups.catalogue import Catalogue
from restoreproof.contract.loader import parse
from restoreproof.errors import UsageError

POINT = datetime(2026, 11, 22, tzinfo=UTC)


class Reels(BaseModel):
    """What a kind of somebody else's expects."""

    reels: int


class Labels(BaseModel):
    """What another kind expects, under the same key."""

    reels: str


@pytest.fixture
def backup_context(tmp_path: Path) -> BackupContext:
    """A backup that is being taken."""
    nothing: Any = None
    return BackupContext(nothing, tmp_path, "age1", tmp_path)


def catalogue_of(context: BackupContext, kind: str = "tapes") -> Catalogue:
    """The catalogue that this backup left."""
    assets = {name: context.learnt.known(name, kind) for name in context.learnt.expectations}
    return Catalogue(
        set_id="s", stack="shop", taken_at=POINT, recovery_point=POINT,
        manifest_sha256="0" * 64, assets=assets,
    )  # fmt: skip


def restoring(catalogue: Catalogue | None) -> RestoreContext:
    """A restore of the set that this catalogue is of."""
    nothing: Any = None
    backup: Any = SimpleNamespace(manifest=SimpleNamespace(recovery_point=POINT))
    return RestoreContext(nothing, backup, catalogue)


def test_an_expectation_comes_back_as_it_was_put_in(backup_context: BackupContext) -> None:
    backup_context.expect("tapes", Reels(reels=7))
    backup_context.expect("more tapes", Reels(reels=2))
    restore_context = restoring(catalogue_of(backup_context))
    assert restore_context.expected("tapes", Reels) == Reels(reels=7)
    assert restore_context.expected("more tapes", Reels) == Reels(reels=2)


def test_where_nobody_expects_anything_there_is_none(backup_context: BackupContext) -> None:
    assert restoring(catalogue_of(backup_context)).expected("tapes", Reels) is None
    assert restoring(None).expected("tapes", Reels) is None


def test_a_catalogue_of_another_form_is_refused(backup_context: BackupContext) -> None:
    backup_context.expect("tapes", Labels(reels="many"))
    with pytest.raises(UsageError, match=r"assets\.tapes\.holds\.reels: Input should be a valid integer"):
        restoring(catalogue_of(backup_context)).expected("tapes", Reels)


def test_each_asset_has_a_recovery_point_of_its_own(backup_context: BackupContext) -> None:
    backup_context.expect("tapes", Reels(reels=7))
    backup_context.recovery_point(POINT + timedelta(hours=1))
    restore_context = restoring(catalogue_of(backup_context))
    assert restore_context.recovery_point("tapes") == POINT + timedelta(hours=1)
    assert restore_context.recovery_point("of no snapshot") == POINT, "what the whole set says"


CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: rows}
order: [rows]
assets:
  shop: {kind: postgres, at: rows, service: db, database: shop, owner: shop, roles: [shop]}
"""


@pytest.mark.parametrize(
    ("kind", "expectation", "cause"),
    [
        ("postgres", PostgresKnown(), None),
        ("tapes", PostgresKnown(), r"the catalogue knows 'shop' as tapes, the contract as postgres"),
        ("postgres", Reels(reels=7), r"not what its kind put into the catalogue: assets\.shop\.holds\.reels"),
    ],
)
def test_a_part_of_another_kind_or_form_is_refused_before_anything_is_begun(
    backup_context: BackupContext, tmp_path: Path, kind: str, expectation: BaseModel, cause: str | None
) -> None:
    contract = parse(CONTRACT, tmp_path / "stack.yaml")
    backup_context.expect("shop", expectation)
    backup_context.expect("of another contract", Reels(reels=7))
    with pytest.raises(UsageError, match=cause) if cause else nullcontext():
        refuse_misread(catalogue_of(backup_context, kind), contract)

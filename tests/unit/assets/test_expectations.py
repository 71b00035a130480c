"""What a kind expects of its asset travels in the catalogue, in the kind's own form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from restoreproof.assets.base import BackupContext, RestoreContext
from restoreproof.backups.catalogue import Catalogue
from restoreproof.errors import UsageError

POINT = datetime(2026, 11, 22, tzinfo=UTC)


class Reels(BaseModel):
    """What a kind of somebody else's expects."""

    reels: int


@pytest.fixture
def backup_context(tmp_path: Path) -> BackupContext:
    """A backup that is being taken."""
    nothing: Any = None
    return BackupContext(nothing, tmp_path, "age1", tmp_path)


def catalogued(context: BackupContext) -> RestoreContext:
    """A restore with the catalogue that this backup left."""
    required = {
        "set_id": "s", "stack": "shop", "taken_at": POINT, "recovery_point": POINT,
        "manifest_sha256": "0" * 64, "merkle_root": "0" * 64,
    }  # fmt: skip
    nothing: Any = None
    return RestoreContext(nothing, nothing, Catalogue.model_validate({**context.learnt, **required}))


def test_an_expectation_comes_back_as_it_was_put_in(backup_context: BackupContext) -> None:
    backup_context.expect("tapes", Reels(reels=7))
    backup_context.expect("more tapes", Reels(reels=2))
    restore_context = catalogued(backup_context)
    assert restore_context.expected("tapes", Reels) == Reels(reels=7)
    assert restore_context.expected("more tapes", Reels) == Reels(reels=2)


def test_where_nobody_expects_anything_there_is_none(backup_context: BackupContext) -> None:
    restore_context = catalogued(backup_context)
    assert restore_context.expected("tapes", Reels) is None
    assert replace(restore_context, catalogue=None).expected("tapes", Reels) is None


def test_a_catalogue_of_another_form_is_refused(backup_context: BackupContext) -> None:
    backup_context.learnt["assets"] = {"tapes": {"reels": "many"}}
    with pytest.raises(UsageError, match=r"assets\.tapes\.reels: Input should be a valid integer"):
        catalogued(backup_context).expected("tapes", Reels)


def test_the_recovery_point_is_that_of_the_first_asset_that_states_one(backup_context: BackupContext) -> None:
    backup_context.recovery_point(POINT)
    backup_context.recovery_point(POINT + timedelta(hours=1))
    assert backup_context.learnt["recovery_point"] == POINT

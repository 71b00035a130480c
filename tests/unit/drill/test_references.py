"""What a provider keeps is brought back by the runtime, before the services that hold it start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restoreproof.assets.base import RestoreContext
from restoreproof.backups.references import Reference
from restoreproof.drill.inner.stages import Drill, StageHooks, StageNotReached
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import ReferenceLost

SNAPSHOT = "shop-2026-11-22 for rows at 2026-11-22"


@pytest.fixture
def drill(restore_context: RestoreContext, memory: Any) -> Drill:
    """A drill of a set whose part of ``rows`` is a snapshot."""
    references = {"rows": Reference(reference="shop-2026-11-22", bytes=4096)}
    manifest = restore_context.backup.manifest.model_copy(update={"references": references})
    referring = replace(restore_context, backup=replace(restore_context.backup, manifest=manifest))
    order = ("first", "second", "third")
    return Drill(referring, order, {}, StageHooks(), lambda stage: memory.note(f"stage {stage}"))


def test_a_snapshot_is_restored_before_its_store_starts_and_the_rest_as_ever(
    drill: Drill, memory: Any
) -> None:
    drill.advance_to("first")
    assert memory.done[:2] == ["stage first", SNAPSHOT]
    assert set(memory.done[2:4]) == {"start store", "start other"}
    assert memory.done[4:] == ["restore files"]


def test_a_snapshot_is_timed_with_the_size_that_the_set_states(drill: Drill, memory: Any) -> None:
    drill.advance_to("first")
    [phase] = [one for one in memory.of("phase") if one["name"] == "reference of rows"]
    assert phase["bytes"] == 4096


@pytest.mark.parametrize(
    ("error", "lost"),
    [(ReferenceLost("no such snapshot"), True), (EnvironmentUnfitError("no network"), False)],
)
def test_only_a_provider_that_says_so_means_that_the_backup_is_lost(
    drill: Drill, memory: Any, error: Exception, lost: bool
) -> None:
    memory.breaks[SNAPSHOT] = error
    with pytest.raises(StageNotReached, match=str(error)):
        drill.advance_to("first")
    [failed] = memory.of("stage-failed")
    assert failed["lost"] is lost
    assert "start store" not in memory.done

"""Asset kinds come through entry points, the library's own and anybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof import doors
from restoreproof.assets.base import Asset, load_asset
from restoreproof.assets.registry import asset_kinds
from restoreproof.contract.loader import parse
from restoreproof.errors import ExitCode, PluginError
from restoreproof.testing.plugins import register
from tests.unit.drill.conftest import CONTRACT


class Tape(Asset):
    """A kind of somebody else's."""

    reel: int = 1


def test_the_library_registers_its_own_like_anybody() -> None:
    own = [door for door in doors.entries(doors.ASSETS) if door.distribution == "restoreproof"]
    modules = {door.target.partition(":")[0].rpartition(".")[2] for door in own}
    assert {"postgres", "objects", "keycloak", "secrets"} <= modules
    assert all(issubclass(kind, Asset) for kind in asset_kinds().values())


def test_a_kind_of_another_distribution_is_loaded_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    register(monkeypatch, doors.ASSETS, "remembered", Tape)
    contract = parse(CONTRACT, tmp_path / "stack.yaml")
    name = next(iter(contract.assets))
    assert isinstance(load_asset(contract, name), Tape)


@pytest.mark.parametrize("target", [object(), dict, Asset(kind="x", at="y", name="z")])
def test_what_is_no_asset_is_refused_with_its_distribution(
    monkeypatch: pytest.MonkeyPatch, target: object
) -> None:
    register(monkeypatch, doors.ASSETS, "tape", target)
    with pytest.raises(
        PluginError, match=r"'tape' in restoreproof\.assets .*a-test.* is no subclass of"
    ) as told:
        asset_kinds()
    assert told.value.exit_code == ExitCode.COULD_NOT_START

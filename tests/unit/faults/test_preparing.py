"""A contract that a fault has edited is still the contract, wherever its copy lies."""

from __future__ import annotations

from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.drill.request import DrillRequest
from restoreproof.faults.preparation import prepared
from restoreproof.faults.registry import find, folders_of

ROOT = Path(__file__).parents[3]
CONTRACT, FEATURES = ROOT / "compose" / "wipe" / "stack.yaml", ROOT / "features"


def test_an_edited_contract_has_its_runbook_and_its_releases_beside_it(tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("backup", "identity", "reports", "var", "cache")}
    [fault] = find("wipe", folders_of(CONTRACT, FEATURES), ("short-objective",))
    asked = DrillRequest(contract=CONTRACT, features=FEATURES, faults=(fault.name,), **places)
    with prepared(asked) as wanted:
        assert wanted.fault_folders == (ROOT / "faults",)
        edited, original = load(wanted.contract), load(CONTRACT)
        assert wanted.contract != CONTRACT
        assert edited.objectives.rto_s == 1
        assert edited.governance == original.governance
        assert controls_of(edited) == controls_of(original)
        assert edited.release_directory("expected") == original.release_directory("expected")
    assert not wanted.contract.exists()

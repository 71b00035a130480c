"""A contract that a fault has edited is still the contract, wherever its copy lies."""

from __future__ import annotations

from pathlib import Path

from restoreproof.contract import load
from restoreproof.faults.base import find
from restoreproof.faults.preparing import prepared
from restoreproof.gherkin.request import Wanted

CONTRACT = Path(__file__).parents[2] / "compose" / "wipe" / "stack.yaml"


def test_an_edited_contract_has_its_runbook_and_its_releases_beside_it(tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("backup", "identity", "features", "reports", "var", "cache")}
    [fault] = find("wipe", ("short-objective",))
    with prepared(Wanted(contract=CONTRACT, faults=(fault.name,), **places)) as wanted:
        edited, original = load(wanted.contract), load(CONTRACT)
        assert wanted.contract != CONTRACT
        assert edited.objectives.rto_s == 1
        assert edited.governance == original.governance
        assert edited.release_directory("expected") == original.release_directory("expected")
    assert not wanted.contract.exists()

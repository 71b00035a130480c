"""Features that are exchanged while the set is being read: what runs is what was planned, from the copy."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.attack.swaps import drill_while
from tests.workshop import ROOT, Workshop

CHECK = "consistency/proof-object-keys"
KEYWORD = "proof-object-keys"
TRUE = """
    When the backup set is held against its catalogue
    Then it is the very set that was taken
"""


def replace_every_scenario(feature: Path) -> None:
    """Leave the titles and tags, and one true line in the place of what they assert."""
    lines = feature.read_text().splitlines()
    kept = [line for line in lines if not line.strip().startswith(("Given ", "When ", "Then ", "And "))]
    swapped = [f"{line}{TRUE}" if line.strip().startswith("Scenario") else line for line in kept]
    feature.write_text("\n".join(swapped))


def test_a_scenario_replaced_by_one_true_line_is_not_what_runs(workshop: Workshop) -> None:
    project = workshop.project("swapped-features")
    shutil.copytree(ROOT / "faults", project / "faults", ignore=shutil.ignore_patterns("__pycache__"))
    feature = project / "features" / "consistency" / "proofs.feature"
    genuine = feature.read_text()
    arguments = ("--features", project / "features", "-k", KEYWORD, "--fault", "lost-proof")
    drilled = drill_while(workshop, lambda: replace_every_scenario(feature), *arguments)
    assert feature.read_text() != genuine
    assert drilled.returncode == 1, drilled.output[-3000:]
    check = drilled.check(CHECK)
    assert check["outcome"] == "FAILED"
    assert [step["text"] for step in check["steps"]][-1] in genuine
    assert not any(step["text"] == "it is the very set that was taken" for step in check["steps"])
    named = [file["path"] for file in drilled.record["plan"]["files"]]
    assert "project/features/consistency/proofs.feature" in named

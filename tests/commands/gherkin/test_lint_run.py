"""The linter as a drill runs it: what it finds leaves by a descriptor, whatever a stack's code prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.workshop import CONTRACT, ROOT

PARTS = ("features", "steps", "fixtures")


def findings(project: Path) -> list[str]:
    """What the linter says of the features of ``project``."""
    reading, writing = os.pipe()
    argv = [sys.executable, "-m", "restoreproof.gherkin.lint_run", CONTRACT, CONTRACT, project / "features"]
    environment = {**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [*map(str, argv), str(writing)], env=environment, pass_fds=[writing], cwd=project, check=False
    )
    os.close(writing)
    assert done.returncode == 0
    with os.fdopen(reading, "rb") as told:
        found: list[str] = json.loads(told.read())
    return found


def copied(project: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def test_sound_features_have_none(tmp_path: Path) -> None:
    assert findings(copied(tmp_path)) == []


def test_a_typo_and_code_that_raises_are_told_with_file_and_line(tmp_path: Path) -> None:
    feature = copied(tmp_path) / "features" / "consistency" / "proofs.feature"
    feature.write_text(feature.read_text().replace("of them is readable", "of them is redable"))
    (typo,) = findings(tmp_path)
    assert typo.startswith("consistency/proofs.feature:8: no step says Then 'every one of them is redable'")
    (tmp_path / "steps" / "broken.py").write_text("print('noise')\nraise ValueError('no such thing')\n")
    (raised,) = findings(tmp_path)
    assert raised.startswith("steps/broken.py:2: can't be imported: ValueError: no such thing")


def test_a_phrase_that_no_feature_says_keeps_no_drill_from_starting(tmp_path: Path) -> None:
    shutil.rmtree(copied(tmp_path) / "features" / "consistency")
    assert findings(tmp_path) == []

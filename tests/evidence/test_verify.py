"""What `verify` believes, and what it says of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.evidence.checking.answers import Answer
from tests.evidence.sealed import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def found(answer: Answer) -> str:
    """Every finding, as text."""
    return "\n".join(f"{one.where}: {one.what}" for one in answer.findings)


def test_what_was_sealed_and_left_alone_is_authentic(desk: Desk) -> None:
    answer = desk.verify(desk.file("d1"))
    assert found(answer) == ""
    assert (answer.verdict, answer.drill_id, answer.exit_code) == ("VERIFIED", "d1", 0)

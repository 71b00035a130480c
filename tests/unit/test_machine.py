"""A machine is told apart from others by a digest that names none."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from restoreproof import machine_id as module
from restoreproof.machine_id import machine


def test_it_is_told_by_its_id_and_names_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MACHINE_ID", tmp_path / "machine-id")
    told = []
    for known in ("a" * 32, "b" * 32):
        (tmp_path / "machine-id").write_text(f"{known}\n")
        assert machine("ledger") == machine("ledger") != machine("owner")
        told.append(machine("ledger"))
    assert told[0] != told[1]


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_machine_without_an_id_is_told_by_its_name(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MACHINE_ID", tmp_path / "machine-id")
    if content is not None:
        (tmp_path / "machine-id").write_text(content)
    here = machine("ledger")
    assert platform.node() not in here
    monkeypatch.setattr(platform, "node", lambda: "another.example")
    assert machine("ledger") != here

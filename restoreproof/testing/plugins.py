"""Entry points for one test: objects that are registered without being installed."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from restoreproof import doors


def register(monkeypatch: pytest.MonkeyPatch, group: str, name: str, target: Any) -> doors.Door:
    """Register ``target`` as ``name`` in ``group`` beside what is installed, until ``monkeypatch`` is undone.

    Raises:
        ValueError: the group has an entry of that name.
    """
    installed = doors.entries
    if any(door.name == name for door in installed(group)):
        raise ValueError(f"{group} has an entry {name!r}")
    module = ModuleType(f"restoreproof_test_plugin_{group.rpartition('.')[2]}_{name.replace('-', '_')}")
    vars(module)["TARGET"] = target
    monkeypatch.setitem(sys.modules, module.__name__, module)
    added = doors.Door(group, name, "a-test", "0", f"{module.__name__}:TARGET")

    def entries(asked: str) -> tuple[doors.Door, ...]:
        others = installed(asked)
        return tuple(sorted((*others, added), key=lambda door: door.name)) if asked == group else others

    monkeypatch.setattr(doors, "entries", entries)
    return added

"""What tests of every directory share: the workshop, and the order in which they run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from tests.workshop import CONTRACT, ROOT, Workshop

LONGEST = "tests/drill/test_faults.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs drills, and begin with it, so that no worker is left with a long file at the end."""
    for item in items:
        if runs_drills(item):
            item.add_marker(pytest.mark.drill)
    items.sort(key=lambda item: (not item.nodeid.startswith(LONGEST), not runs_drills(item)))


def runs_drills(item: pytest.Item) -> bool:
    """Whether the test is made in the workshop."""
    return "workshop" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """The workshop, with a small backup set in it."""
    directory = ROOT / "var" / "tests" / str(os.getpid())
    directory.mkdir(parents=True)
    cache = Path(os.environ.get("RESTOREPROOF_TEST_CACHE") or user_cache_path("restoreproof"))
    shop = Workshop(directory, cache)
    done = shop.run("backup", CONTRACT, "--size", "small", "--var", shop.var, "--cache", cache)
    assert done.returncode == 0, done.output
    yield shop
    shutil.rmtree(directory)

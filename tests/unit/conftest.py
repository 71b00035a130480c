"""What the tests of units share."""

from __future__ import annotations

import pytest

from restoreproof.plan import Plan
from tests.stories import plan_of


@pytest.fixture
def plan() -> Plan:
    """Three checks, one per stage."""
    return plan_of()

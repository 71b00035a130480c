"""What the tests of the runtimes share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from platformdirs import user_cache_path


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where Keycloak is built once; shared with the command line, so that a second run is quick."""
    return Path(os.environ.get("RESTOREPROOF_TEST_CACHE") or user_cache_path("restoreproof"))

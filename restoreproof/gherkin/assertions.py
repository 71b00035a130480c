"""Whose assertion failed: the stack's own check, which speaks of the backup, or the harness itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import restoreproof

_HARNESS = Path(restoreproof.__file__).resolve().parent


def is_own_assertion(error: pytest.ExceptionInfo[BaseException], own: Sequence[Path]) -> bool:
    """Whether ``error`` is an assertion that failed in one of the files or directories ``own``.

    A library that checks for its caller (``hamcrest``, ``numpy.testing``, ``pytest.fail``) speaks for whoever
    called it; what the harness asserts on the way is a fault of the harness.
    """
    if not isinstance(error.value, AssertionError | pytest.fail.Exception):
        return False
    for entry in reversed(error.traceback):
        path = Path(entry.path).resolve()
        if any(path == place or path.is_relative_to(place) for place in own):
            return True
        if path.is_relative_to(_HARNESS):
            return False
    return False

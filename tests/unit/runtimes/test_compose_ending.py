"""Which exit codes of a tool in a container are its own, and which say nothing of the backup."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.runtimes.compose.exit_status import why_no_answer


def state(code: int, **more: Any) -> dict[str, Any]:
    """A container that ended with ``code``, as the daemon tells of it."""
    return {"Status": "exited", "Running": False, "OOMKilled": False, "ExitCode": code, **more}


@pytest.mark.parametrize("code", [0, 1, 2, 139])
def test_what_the_tool_ended_with_is_its_own_answer(code: int) -> None:
    assert why_no_answer(state(code), code) is None


@pytest.mark.parametrize(
    ("found", "told", "why"),
    [
        (None, 1, "no container was made"),
        (state(127, Status="created"), 127, "could not be started"),
        (state(0, Status="running", Running=True), 1, "broke while it ran"),
        (state(126), 126, "can't be run in that image"),
        (state(127), 127, "no such program in that image"),
        (state(1, OOMKilled=True), 1, "out of memory"),
        (state(137), 137, "killed from outside"),
        (state(143), 143, "ended from outside"),
        (state(0), 1, "not all that it said arrived"),
        (state(1), 0, "not all that it said arrived"),
    ],
)
def test_what_ended_otherwise_is_no_answer(found: dict[str, Any] | None, told: int, why: str) -> None:
    assert why in str(why_no_answer(found, told))

"""Waiting ends with the answer, with the deadline, or as soon as it is pointless."""

from __future__ import annotations

import pytest

from restoreproof.errors import ServiceFailedError
from restoreproof.waiting import NotReady, wait_until


def test_it_returns_what_the_probe_returns_once_it_does() -> None:
    answers = iter([NotReady("not yet"), OSError("refused"), 7])

    def probe() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait_until(probe, what="it answers", deadline_s=5, interval_s=0.001) == 7


def test_it_tells_what_it_saw_last() -> None:
    def probe() -> None:
        raise NotReady("503 from the database")

    with pytest.raises(ServiceFailedError, match=r"it answers: not within .* last seen: 503 .*the log"):
        wait_until(probe, what="it answers", deadline_s=0.02, interval_s=0.001, context=lambda: " the log")


def test_it_gives_up_early() -> None:
    def probe() -> None:
        raise NotReady("refused")

    with pytest.raises(ServiceFailedError, match="it answers: it exited"):
        wait_until(probe, what="it answers", deadline_s=60, gave_up=lambda: "it exited")


def test_an_unexpected_error_is_not_swallowed() -> None:
    def probe() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        wait_until(probe, what="it answers", deadline_s=5)

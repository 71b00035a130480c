"""The end of a target: whatever fails on the way, nothing of what was restored stays."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from restoreproof.drill.outer.teardown import TornDown, tear_down
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.redaction.redactor import Redactor

FULL = OSError(errno.ENOSPC, "No space left on device")


class Hosted:
    """The outer half of a runtime whose steps may fail; it notes which of them were taken."""

    def __init__(self, failing: dict[str, Exception]) -> None:
        self.failing, self.taken = failing, list[str]()

    def collect(self) -> None:
        self._take("collect")

    def remove(self) -> list[str]:
        self._take("remove")
        return ["volume data: in use"]

    def _take(self, step: str) -> None:
        self.taken.append(step)
        if step in self.failing:
            raise self.failing[step]


@pytest.fixture
def torn(tmp_path: Path) -> Callable[..., tuple[Hosted, TornDown]]:
    """Tears a drill down that left a log and a plain secret."""
    workdir = tmp_path / "run" / "one"
    (workdir / "logs").mkdir(parents=True)
    (workdir / "logs" / "api.log").write_text("said\n")
    (workdir / "private").write_text("a restored secret in plain text")

    def tear(**failing: Exception) -> tuple[Hosted, TornDown]:
        hosting: Any = Hosted(failing)
        done = tear_down(hosting, workdir, tmp_path / "kept", Redactor(), {})
        assert hosting.taken == ["collect", "remove"]
        assert not workdir.exists(), "it is destroyed, whatever else went wrong"
        return hosting, done

    return tear


def test_what_could_not_be_removed_is_told_and_the_logs_are_kept(
    tmp_path: Path, torn: Callable[..., tuple[Hosted, TornDown]]
) -> None:
    _, done = torn()
    assert done == TornDown(left=["volume data: in use"], lost=[])
    assert (tmp_path / "kept" / "api.log").read_text() == "said\n"


@pytest.mark.parametrize("error", [FULL, EnvironmentUnfitError("it vanished"), KeyError("Image")])
def test_collecting_that_fails_is_told_and_keeps_nothing(
    error: Exception, torn: Callable[..., tuple[Hosted, TornDown]]
) -> None:
    _, done = torn(collect=error)
    assert done.left == ["volume data: in use"], "that something was not collected leaves nothing behind"
    [told] = done.lost
    assert told.startswith("what the services said could not all be collected: ")
    assert str(error.args[0]) in told


def test_a_log_that_can_not_be_kept_does_not_keep_the_directory(
    tmp_path: Path, torn: Callable[..., tuple[Hosted, TornDown]]
) -> None:
    (tmp_path / "kept").write_text("a file where the directory should be")
    _, done = torn()
    assert [one.partition(":")[0] for one in done.lost] == ["logs could not all be kept"]


def test_what_could_not_be_looked_at_counts_as_left(torn: Callable[..., tuple[Hosted, TornDown]]) -> None:
    _, done = torn(remove=OSError("the daemon went away"))
    assert done.left == ["the target could not be removed: OSError: the daemon went away"]

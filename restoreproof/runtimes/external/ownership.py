"""Whether a drill may have its target removed: the inner process says so, the outer one asks."""

from __future__ import annotations

from pathlib import Path

_UNCLAIMED = "this drill put nothing into it, so it may be another drill's"


class Ownership:
    """What is known of it in the directory of one drill, which both processes see."""

    def __init__(self, workdir: Path) -> None:
        self._made, self._refused = workdir / "claimed", workdir / "refused"

    def make(self) -> None:
        """The target was found as provisioning leaves it: from now on what it holds is this drill's."""
        self._made.touch()

    def refuse(self, why: str) -> None:
        """A part of it is not this drill's, whatever was found earlier."""
        self._refused.write_text(why)

    def withheld(self) -> str | None:
        """Why nobody may remove the target for this drill; None if it may be removed."""
        if self._refused.exists():
            return self._refused.read_text()
        return None if self._made.exists() else _UNCLAIMED

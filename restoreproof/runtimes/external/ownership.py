"""Whether a drill may have its target removed: the inner process says so, the outer one asks."""

from __future__ import annotations

from pathlib import Path

_UNCLAIMED = "this drill put nothing into it, so it may be another drill's"


class Ownership:
    """Notes of both processes, in the drill's directory, on whether the target is this drill's."""

    def __init__(self, workdir: Path) -> None:
        self._made, self._refused = workdir / "claimed", workdir / "refused"

    def make(self) -> None:
        """Note that the target was found empty: what it holds from now on is this drill's."""
        self._made.touch()

    def refuse(self, why: str) -> None:
        """Note ``why`` a part of the target is not this drill's, whatever was found earlier."""
        self._refused.write_text(why)

    def withheld(self) -> str | None:
        """Return why nobody may remove the target for this drill; None if it may be removed."""
        if self._refused.exists():
            return self._refused.read_text()
        return None if self._made.exists() else _UNCLAIMED

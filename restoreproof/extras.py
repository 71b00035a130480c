"""Extras: what ``pip install "restoreproof[NAME]"`` adds, asked for by name where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from restoreproof.errors import EnvironmentUnfitError


@dataclass(frozen=True, slots=True)
class Extra:
    """An optional part of the installation.

    Attributes:
        name: as pip spells it.
        modules: top-level modules that it installs, by whose presence it is known to be there.
    """

    name: str
    modules: tuple[str, ...]

    @property
    def command(self) -> str:
        """Command that installs it."""
        return f'pip install "restoreproof[{self.name}]"'

    def absent(self) -> tuple[str, ...]:
        """Return the modules of it that are not installed; nothing is imported."""
        return tuple(module for module in self.modules if find_spec(module) is None)

    def require(self, what: str) -> None:
        """Raise EnvironmentUnfitError, which says that ``what`` needs it, unless all of it is installed."""
        if absent := self.absent():
            raise EnvironmentUnfitError(
                f"{what} needs restoreproof[{self.name}], and {', '.join(absent)} is not installed",
                hint=self.command,
            )

"""``$NAME`` in a contract: variables of the *restored* environment, known only once the drill runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from restoreproof.contract.problems import nearest
from restoreproof.errors import ContractError

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>[A-Za-z_]\w*))")


def variables_in(text: str) -> list[str]:
    """Return the names of the variables that ``text`` asks for, in order."""
    return [match["braced"] or match["plain"] for match in _VARIABLE.finditer(text)]


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Return ``text`` with every ``$NAME`` and ``${NAME}`` replaced by its value in ``environment``.

    Raises:
        ContractError: a variable is unset or empty; names it, never a value.
    """

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        if content := environment.get(name):
            return content
        meant = nearest(name, environment)
        raise ContractError(
            f"the contract asks for ${name}, which the restored environment does not set",
            hint=f"did you mean ${meant}?" if meant else "add it to the environment that is backed up",
        )

    return _VARIABLE.sub(value, text)

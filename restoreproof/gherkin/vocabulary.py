"""The step phrases that modules define, so that the linter can say which steps have none."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_bdd.steps import step_function_context_registry

_KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}


@dataclass(frozen=True)
class Vocabulary:
    """Every registered phrase with its parser."""

    contexts: tuple[Any, ...]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(modules: tuple[str, ...]) -> Vocabulary:
        """The phrases of ``modules``, which are imported. Raises ImportError if one can't be."""
        return Vocabulary(tuple(_contexts(modules)))

    def knows(self, kind: str, text: str) -> bool:
        """Whether a phrase of that kind (or of any kind) matches ``text``."""
        wanted = _KINDS.get(kind)
        return any(
            context.type in (None, wanted) and context.parser.is_matching(text) for context in self.contexts
        )

    def nearest(self, text: str) -> str | None:
        """The phrase most like ``text``, as it was written, or None."""
        names = {str(context.parser.name) for context in self.contexts}
        found = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
        return f"did you mean {found[0]!r}?" if found else None


def _contexts(modules: Iterable[str]) -> Iterable[Any]:
    for name in modules:
        for value in vars(importlib.import_module(name)).values():
            function = getattr(value, "_fixture_function", None)
            if callable(function) and (context := step_function_context_registry.get(function)):
                yield context

"""The step phrases that modules define: what the linter holds features against."""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
import textwrap
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType, UnionType
from typing import Any

from pytest_bdd.steps import step_function_context_registry

from restoreproof.checks.base import surveys
from restoreproof.errors import FeatureError, Location

SURVEY = "survey"
"""The fixture in which a *When* leaves what it saw, and from which a *Then* states something."""

_KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}


@dataclass(frozen=True)
class Phrase:
    """One phrase of a step module: the words, and the function that they call."""

    kind: str | None
    text: str
    parser: Any
    function: Callable[..., Any]
    leaves: str | None

    def says(self, kind: str, text: str) -> bool:
        """Whether a step of that kind (or of any kind), so worded, runs this phrase."""
        return self.kind in (None, _KINDS.get(kind)) and bool(self.parser.is_matching(text))

    def arguments(self, text: str) -> Mapping[str, Any]:
        """The values of the placeholders in ``text``, which this phrase must match."""
        return dict(self.parser.parse_arguments(text) or {})

    @property
    def file(self) -> str:
        """The module as a path, relative to where modules are found."""
        return f"{self.function.__module__.replace('.', '/')}.py"

    @cached_property
    def line(self) -> int:
        """The line of the function."""
        return self.function.__code__.co_firstlineno

    @property
    def takes_survey(self) -> bool:
        """Whether it states something about what a step before it saw."""
        return SURVEY in inspect.signature(self.function).parameters

    @cached_property
    def stated_of(self) -> tuple[type, ...]:
        """The kinds of survey that the function says it is for; empty if it does not say."""
        declared = typing.get_type_hints(self.function).get(SURVEY)
        members = typing.get_args(declared) if isinstance(declared, UnionType) else (declared,)
        return tuple(member for member in members if isinstance(member, type) and member is not Any)

    @cached_property
    def asks(self) -> frozenset[str]:
        """The methods of the survey that the function calls."""
        return frozenset(
            call.attr
            for call in self._attributes()
            if isinstance(call.value, ast.Name) and call.value.id == SURVEY
        )

    @cached_property
    def takes(self) -> str | None:
        """The kind of survey that the function asks the drill for by name, or None."""
        for call in ast.walk(self._tree):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == SURVEY
            ):
                first = call.args[0] if call.args else None
                return (
                    first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
                )
        return None

    @cached_property
    def sees(self) -> type | None:
        """What the survey that it takes returns, as far as its function declares that."""
        function = surveys().get(self.takes or "")
        declared = typing.get_type_hints(function).get("return") if function else None
        return declared if isinstance(declared, type) else None

    def can_follow(self, seen: type) -> bool:
        """Whether what it states is among what a survey of that kind can answer."""
        if self.stated_of:
            return any(issubclass(seen, kind) for kind in self.stated_of)
        return all(hasattr(seen, method) for method in self.asks)

    def _attributes(self) -> Iterator[ast.Attribute]:
        return (node for node in ast.walk(self._tree) if isinstance(node, ast.Attribute))

    @cached_property
    def _tree(self) -> ast.AST:
        try:
            return ast.parse(textwrap.dedent(inspect.getsource(self.function)))
        except OSError:  # made at run time: it can be run, and not be read
            return ast.Module([], [])


@dataclass(frozen=True)
class Vocabulary:
    """Every phrase of some modules."""

    phrases: tuple[Phrase, ...]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(modules: tuple[str, ...]) -> Vocabulary:
        """The phrases of ``modules``, which are imported. Raises FeatureError if one can't be."""
        return Vocabulary(tuple(_phrases(modules)))

    def saying(self, kind: str, text: str) -> list[Phrase]:
        """Every phrase that a step of that kind, so worded, could run; one is as it should be."""
        return [phrase for phrase in self.phrases if phrase.says(kind, text)]

    def nearest(self, text: str) -> str | None:
        """The phrase most like ``text``, as it was written, or None."""
        return nearest(text, {phrase.text for phrase in self.phrases})


def nearest(text: str, among: Iterable[str]) -> str | None:
    """ "did you mean …?", or None if nothing is like ``text``."""
    found = difflib.get_close_matches(text, list(among), n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else None


def _phrases(modules: Iterable[str]) -> Iterator[Phrase]:
    known: set[int] = set()
    for module in _with_plugins(modules):
        for value in vars(module).values():
            registered = getattr(value, "_fixture_function", None)
            context = step_function_context_registry.get(registered) if callable(registered) else None
            # A module may import what another one defines.
            if context is not None and id(context) not in known:
                known.add(id(context))
                text = str(context.parser.name)
                yield Phrase(context.type, text, context.parser, context.step_func, context.target_fixture)


def _with_plugins(names: Iterable[str]) -> Iterator[ModuleType]:
    """The modules so named, and those that they name as plugins, as pytest would find them."""
    for name in names:
        module = _imported(name)
        yield module
        yield from _with_plugins(getattr(module, "pytest_plugins", ()))


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # what a person's module raises can be anything
        where = Location(f"{name.replace('.', '/')}.py", getattr(error, "lineno", None))
        told = f"{type(error).__name__}: {error}"
        raise FeatureError(
            f"the step module {name} can't be imported: {told}", where=where, hint="mend it, or take it out"
        ) from error

"""The phrases that checks and a stack's own step modules declare: what the linter holds features against."""

from __future__ import annotations

import difflib
import importlib
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any

from pytest_bdd import parsers
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from restoreproof.checks.phrases import CheckPhrase, kind_of
from restoreproof.checks.registry import Registered, with_own
from restoreproof.contract.ref import references_in
from restoreproof.doors import place_of
from restoreproof.errors import FeatureError, Location, PluginError

SURVEY = "survey"
"""The fixture in which a *When* leaves what it saw, and from which a *Then* states something."""

_KEYWORDS = {"Context": "given", "Action": "when", "Outcome": "then"}


@dataclass(frozen=True)
class Phrase:
    """One phrase: the words, what it leaves behind, and of what it speaks.

    Attributes:
        keyword: ``given``, ``when`` or ``then``; None if it may follow each.
        text: the words, with placeholders as they were written.
        parser: pytest-bdd's parser of the words.
        module: the name of the module that declares it.
        line: where in that.
        leaves_survey: whether steps after it may state something of what it saw.
        sees: the class of what it leaves; None if that is not declared.
        takes_survey: whether it states something of what a step before it saw.
        stated_of: the classes of which it may be said; empty if that is not declared.
        references: the kind of noun that each placeholder names, as far as that is declared.
        covers: kinds of noun of which it examines every one.
    """

    keyword: str | None
    text: str
    parser: Any
    module: str
    line: int
    leaves_survey: bool = False
    sees: type | None = None
    takes_survey: bool = False
    stated_of: tuple[type, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    covers: frozenset[str] = frozenset()

    def says(self, kind: str, text: str) -> bool:
        """Whether a step of that kind (or of any kind), so worded, runs this phrase."""
        return self.keyword in (None, _KEYWORDS.get(kind)) and bool(self.parser.is_matching(text))

    def nouns_in(self, text: str) -> Mapping[str, str]:
        """Return the kind of noun of each value in ``text``, which this phrase must match.

        A placeholder whose parameter declares no ``Ref`` is of the kind that it is called after.
        """
        values = dict(self.parser.parse_arguments(text) or {})
        return {str(value): self.references.get(name, name) for name, value in values.items()}

    @property
    def file(self) -> str:
        """The module as a path, relative to where modules are found."""
        return _file_of(self.module)

    def can_follow(self, seen: type) -> bool:
        """Whether what it states is among what a survey of that class can answer."""
        return not self.stated_of or issubclass(seen, self.stated_of)


@dataclass(frozen=True)
class Vocabulary:
    """Every phrase of the installed checks and of some modules."""

    phrases: tuple[Phrase, ...]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(modules: tuple[str, ...]) -> Vocabulary:
        """Return the phrases of the installed checks and of a stack's own ``modules``, which are imported.

        Raises:
            FeatureError: a module can't be imported, or a step function's annotations name what is not there.
            PluginError: a check can't be used; see ``restoreproof.checks.registry``.
        """
        own = step_modules(modules)
        return Vocabulary((*_declared(with_own(own)), *_of_functions(own)))

    def saying(self, kind: str, text: str) -> list[Phrase]:
        """Every phrase that a step of that kind, so worded, could run; one is as it should be."""
        return [phrase for phrase in self.phrases if phrase.says(kind, text)]

    def nearest(self, text: str) -> str | None:
        """The phrase most like ``text``, as it was written, or None."""
        return nearest(text, {phrase.text for phrase in self.phrases})


def nearest(text: str, among: Iterable[str]) -> str | None:
    """ "did you mean …?", or None if nothing is like ``text``."""
    close = difflib.get_close_matches(text, list(among), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else None


def parser_of(text: str) -> Any:
    """Return pytest-bdd's parser of a phrase: of placeholders if there are some, else of the very words."""
    return parsers.parse(text) if "{" in text else parsers.string(text)


def grouped(checks: Iterable[Registered]) -> Mapping[tuple[str, str], list[tuple[Registered, CheckPhrase]]]:
    """Return who says each phrase, by keyword and text; a *Then* may be said of several checks."""
    said: dict[tuple[str, str], list[tuple[Registered, CheckPhrase]]] = {}
    for check in checks:
        for phrase in check.kind.phrases:
            said.setdefault((phrase.keyword, phrase.text), []).append((check, phrase))
    return said


def step_modules(names: Iterable[str]) -> tuple[ModuleType, ...]:
    """Import the modules so named, and those that they name as plugins, as pytest would find them.

    Raises:
        FeatureError: one raises when it is imported.
    """
    modules: list[ModuleType] = []
    for name in names:
        module = _imported(name)
        modules += [module, *step_modules(getattr(module, "pytest_plugins", ()))]
    return tuple(modules)


def _declared(checks: Sequence[Registered]) -> Iterator[Phrase]:
    for (keyword, text), sayings in grouped(checks).items():
        (first, phrase), *_ = sayings
        asked = first.kind.looks_when_asked
        yield Phrase(
            keyword,
            text,
            parser_of(text),
            first.kind.survey.__module__,
            phrase.line,
            leaves_survey=keyword == "when",
            sees=first.kind.survey if keyword == "when" else None,
            takes_survey=keyword == "then" and not asked,
            stated_of=tuple(check.kind.survey for check, _ in sayings) if keyword == "then" else (),
            references=first.kind.references(phrase),
            covers=frozenset({first.kind.covers} if first.kind.covers and keyword == "when" else ()),
        )


def _of_functions(modules: Iterable[ModuleType]) -> Iterator[Phrase]:
    """The step functions of pytest-bdd in ``modules``; one may import what another one defines."""
    contexts: dict[int, StepFunctionContext] = {}
    for module in modules:
        for value in vars(module).values():
            registered = getattr(value, "_fixture_function", None)
            context = step_function_context_registry.get(registered) if callable(registered) else None
            if context is not None:
                contexts.setdefault(id(context), context)
    yield from map(_of_function, contexts.values())


def _of_function(context: StepFunctionContext) -> Phrase:
    function = context.step_func
    hints, references = _hints(function)
    sees = hints.get("return") if context.target_fixture == SURVEY else None
    sees = sees if isinstance(sees, type) and sees is not type(None) else None
    return Phrase(
        context.type,
        str(context.parser.name),
        context.parser,
        function.__module__,
        function.__code__.co_firstlineno,
        leaves_survey=context.target_fixture == SURVEY,
        sees=sees,
        takes_survey=SURVEY in function.__code__.co_varnames[: function.__code__.co_argcount],
        stated_of=_members(hints.get(SURVEY)),
        references=references,
        covers=_covered(sees),
    )


def _hints(function: Callable[..., Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    try:
        return typing.get_type_hints(function), references_in(function)
    except (NameError, AttributeError, TypeError) as error:
        raise FeatureError(
            f"the annotations of the step {function.__name__} can't be resolved: {error}",
            where=Location(_file_of(function.__module__), function.__code__.co_firstlineno),
            hint="import what they name at run time, not only below TYPE_CHECKING",
        ) from error


def _members(hint: Any) -> tuple[type, ...]:
    members = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(member for member in members if isinstance(member, type) and member is not Any)


def _covered(survey: type | None) -> frozenset[str]:
    try:
        covers = kind_of(survey).covers if survey else None
    except PluginError:
        return frozenset()  # what the step returns is no check, and examines no kind of noun as a whole
    return frozenset({covers} if covers else ())


def _file_of(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # what a person's module raises can be anything
        named = Path(_file_of(name))
        place = place_of(error, named, [Path(entry, named) for entry in sys.path])
        if Path(place.file).name == named.name:
            place = Location(str(named), place.line)
        cause = f"{type(error).__name__}: {error}"
        raise FeatureError(
            f"the step module {name} can't be imported: {cause}", where=place, hint="mend it, or take it out"
        ) from error

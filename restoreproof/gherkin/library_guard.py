"""Whether the library that judges in a drill is the one that was installed, and not what a stack made of it.

A stack's own code runs in the process that looks at the restored stack. It may observe by whatever means; it
may not replace what states the phrases of checks, or what turns counts into outcomes. Functions and classes
of the library are noted before any of that code is imported, and compared after it was collected, after each
check and at the end. What differs is told to the outer process by name, and ends the drill NOT VERIFIED.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import pytest

import restoreproof
from restoreproof.checks.registry import installed
from restoreproof.errors import UsageError
from restoreproof.events import Emitter, LibraryReplaced
from restoreproof.gherkin import phrase_steps
from restoreproof.gherkin.vocabulary import grouped, parser_of

LIBRARY = restoreproof.__name__
FIXTURES = ("drill", "expect")
"""The fixtures by which a check looks and observes: a stack has none of these names."""

_HOME = Path(restoreproof.__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class _Noted:
    """One function or class by its owner's name and its own, and what a function runs with.

    ``members`` are those of the owner, as they are at any time.
    """

    owner: str
    name: str
    members: Mapping[str, object]
    value: object
    function: FunctionType | None
    runs_with: tuple[object, ...]

    @property
    def is_as_it_was(self) -> bool:
        """Whether the same function or class stands there, with the code and defaults that it had."""
        if self.members.get(self.name) is not self.value:
            return False
        return self.function is None or _runs_with(self.function) == self.runs_with


Notes = dict[str, Sequence[_Noted]]
"""What each module of the library holds, by the module's name; one that is imported later is added."""


_NOTES = pytest.StashKey[Notes]()
_PHRASES = pytest.StashKey[tuple[tuple[str, Any], ...]]()
"""On the config, inside a drill: the library and its phrases before code of the stack was imported."""


def note_before_conftest(config: pytest.Config) -> None:
    """Import all that judges in a drill, and note it; what a ``conftest.py`` makes of it is then seen."""
    importlib.import_module("restoreproof.drill.inner.session")
    # One that can't be imported is told where the phrases are registered.
    with contextlib.suppress(UsageError):
        config.stash[_PHRASES] = tuple(
            (keyword, parser_of(text)) for keyword, text in grouped(installed()) if keyword != "given"
        )
    config.stash[_NOTES] = note_library()


def note_library() -> Notes:
    """Note each function and class of the library's modules that are imported."""
    return {name: _noted(module) for name, module in _modules()}


def replaced(notes: Notes) -> dict[str, str]:
    """Return what is no longer as it was noted, by name, and the file and line of what stands there now."""
    changed = {
        f"{noted.owner}.{noted.name}": _place_of(noted.members.get(noted.name))
        for module in notes.values()
        for noted in module
        if not noted.is_as_it_was
    }
    for name, imported in _modules():
        if name in notes:
            continue
        # What a module that was imported later defines has to stand in a file of the library.
        notes[name] = _noted(imported)
        for noted in notes[name]:
            if noted.function and _is_foreign(noted.function):
                changed[f"{noted.owner}.{noted.name}"] = _place_of(noted.value)
    return changed


class LibraryGuard:
    """The plugin that compares, and tells each thing that was replaced once.

    Args:
        config: pytest's, which ``note_before_conftest`` was called for.
        emitter: where events go.
    """

    def __init__(self, config: pytest.Config, emitter: Emitter) -> None:
        self._notes = config.stash[_NOTES]
        self._phrases = config.stash.get(_PHRASES, ())
        self._emit = emitter.emit
        self._told: set[str] = set()

    def compare(self) -> None:
        """Compare the library with its notes."""
        for name, place in replaced(self._notes).items():
            self._tell(name, place)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.compare()
        for name, item in itertools.product(FIXTURES, session.items):
            for definition in session._fixturemanager.getfixturedefs(name, item) or ():
                if _is_foreign(definition.func):
                    self._tell(f"the fixture {name!r}", _place_of(definition.func))
        for hook in session.config.hook.pytest_restoreproof_open_drill.get_hookimpls():
            if _is_foreign(hook.function):
                self._tell(f"the hook {hook.function.__name__}", _place_of(hook.function))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        try:
            return (yield)
        finally:
            self.compare()  # before a fixture of the test puts anything back

    def pytest_sessionfinish(self) -> None:
        self.compare()

    def pytest_bdd_before_step(self, step: Any, step_func: Any) -> None:
        code = getattr(step_func, "__code__", None)
        if code is None or code.co_filename == phrase_steps.__file__:
            return
        for keyword, parser in self._phrases:
            if keyword == step.type and parser.is_matching(step.name):
                self._tell(f"the step {step.keyword} {step.name!r}", _place_of(step_func))

    def _tell(self, name: str, place: str) -> None:
        if name not in self._told:
            self._told.add(name)
            self._emit(LibraryReplaced(name=name, by=place))


def _modules() -> list[tuple[str, ModuleType]]:
    return [
        (name, module)
        for name, module in list(sys.modules.items())
        if (name == LIBRARY or name.startswith(f"{LIBRARY}.")) and isinstance(module, ModuleType)
    ]


def _noted(module: ModuleType) -> list[_Noted]:
    owners: list[tuple[str, Mapping[str, object]]] = [(module.__name__, vars(module))]
    owners += [
        (f"{module.__name__}.{value.__qualname__}", vars(value))
        for value in list(vars(module).values())
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    noted = []
    for owner, members in owners:
        for name, value in list(members.items()):
            plain = _plain(value)
            if callable(plain):
                function = plain if isinstance(plain, FunctionType) else None
                runs_with = _runs_with(function) if function else ()
                noted.append(_Noted(owner, name, members, value, function, runs_with))
    return noted


def _runs_with(function: FunctionType) -> tuple[object, ...]:
    defaults = tuple((function.__kwdefaults__ or {}).items())
    return (function.__code__, function.__defaults__, defaults)


def _plain(value: object) -> object:
    """The function behind a method, a property or a decorator of the library."""
    while True:
        if isinstance(value, staticmethod | classmethod | MethodType):
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif not isinstance(value, type) and hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        else:
            return value


def _is_foreign(function: object) -> bool:
    """Whether a function stands in a file of neither the library nor anything installed."""
    code = getattr(_plain(function), "__code__", None)
    if code is None or code.co_filename.startswith("<"):
        return False
    file = Path(code.co_filename).resolve()
    places = (_HOME, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    return not any(file.is_relative_to(place) for place in places)


def _place_of(value: object) -> str:
    code = getattr(_plain(value), "__code__", None)
    if code is None:
        return type(value).__name__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"

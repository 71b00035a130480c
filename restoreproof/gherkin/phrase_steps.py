"""Step functions for the phrases of checks: a *When* leaves what it saw, a *Then* observes.

Whoever knows pytest-bdd finds nothing new: what is made here is what its decorators make of a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, Signature
from types import ModuleType
from typing import Any

import pytest
from pytest_bdd.steps import StepFunctionContext, StepNamePrefix, step_function_context_registry

from restoreproof.checks.phrases import CheckKind, CheckPhrase
from restoreproof.checks.registry import Registered, with_own
from restoreproof.errors import FeatureError, UsageError
from restoreproof.gherkin.vocabulary import SURVEY, grouped, parser_of, step_modules

DRILL = "drill"
"""The fixture that looks and observes."""

Step = Callable[..., Any]


def register(config: pytest.Config, modules: Sequence[str]) -> None:
    """Tell pytest the phrases of every installed check, and of those that a stack's own ``modules`` declare.

    Raises:
        pytest.UsageError: a check can't be used; the message names it and its distribution or file.
    """
    try:
        checks = with_own(step_modules(modules))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(step_module(checks), "restoreproof-phrases")


def step_module(checks: Iterable[Registered]) -> ModuleType:
    """Return a module for pytest's plugin manager, with one step for each phrase of ``checks``."""
    module = ModuleType("restoreproof_phrases", "Steps made of the phrases of checks.")
    for (keyword, text), sayings in grouped(checks).items():
        (first, phrase), *_ = sayings
        if keyword == "when":
            _add(module, phrase, _looking(first.kind, phrase), target=SURVEY)
        elif first.kind.looks_when_asked:
            _add(module, phrase, _looking_and_stating(first.kind, phrase))
        else:
            _add(module, phrase, _stating(text, [(check.kind, said) for check, said in sayings]))
    return module


def _looking(kind: CheckKind, phrase: CheckPhrase) -> Step:
    def look(drill: Any, **nouns: Any) -> Any:
        return drill.look(kind.survey, **nouns)

    return _taking(look, DRILL, *phrase.placeholders)


def _looking_and_stating(kind: CheckKind, phrase: CheckPhrase) -> Step:
    def state(drill: Any, **values: Any) -> None:
        drill.observe(getattr(drill.look(kind.survey), phrase.method)(**values))

    return _taking(state, DRILL, *phrase.placeholders)


def _stating(text: str, answers: Sequence[tuple[CheckKind, CheckPhrase]]) -> Step:
    def state(drill: Any, survey: Any, **values: Any) -> None:
        for kind, phrase in answers:
            if isinstance(survey, kind.survey):
                drill.observe(getattr(survey, phrase.method)(**values))
                return
        raise FeatureError(
            f"{text!r} says nothing of what was looked at, a {type(survey).__name__}",
            hint="`restoreproof lint` says what may follow each When",
        )

    return _taking(state, DRILL, SURVEY, *answers[0][1].placeholders)


def _taking(step: Step, *names: str) -> Step:
    """Give ``step`` the signature by which pytest-bdd knows what to call it with."""
    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    step.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return step


def _add(module: ModuleType, phrase: CheckPhrase, step: Step, *, target: str | None = None) -> None:
    context = StepFunctionContext(
        type=phrase.keyword, step_func=step, parser=parser_of(phrase.text), target_fixture=target
    )

    def marker() -> StepFunctionContext:
        return context

    step_function_context_registry[marker] = context
    name = f"{StepNamePrefix.step_def.value}_{phrase.keyword}_{phrase.text}"
    setattr(module, name, pytest.fixture(name=name)(marker))

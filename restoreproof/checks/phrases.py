"""Phrases of a check, declared on the class that answers them.

A check is a class: ``look`` examines the restored stack once and returns an instance, and each method below
``@then`` states one thing about what was seen. The phrases of ``@when`` and ``@then`` are what features say::

    @check("object prefixes")
    @dataclass(frozen=True)
    class PrefixSurvey:
        rows: int
        ...

        @when('the objects below each of the "{dataset}" are listed in the "{bucket}" bucket')
        @classmethod
        def look(
            cls,
            restore: RestoreContext,
            dataset: Annotated[str, Ref("dataset")],
            bucket: Annotated[str, Ref("bucket")],
        ) -> PrefixSurvey: ...

        @then("every row has at least one object")
        def populated(self) -> Observation: ...

From this the pytest plugin makes step functions, and the linter learns which *Then* may follow which *When*
and which noun of the contract each placeholder names. A check whose ``look`` has no phrase looks when its
*Then* is said: it takes no noun, and may stand after any *When*.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal, TypeVar

from restoreproof.contract.ref import references_in
from restoreproof.errors import Location, PluginError

Keyword = Literal["when", "then"]
C = TypeVar("C")
Member = TypeVar("Member", bound=Callable[..., Any])

_KIND = "__restoreproof_check__"
_PHRASES = "__restoreproof_phrases__"
_LOOK = "look"


@dataclass(frozen=True, slots=True)
class CheckPhrase:
    """Words that a feature says, and the method of the check that they call.

    Attributes:
        keyword: ``when`` or ``then``.
        text: the words, with ``{placeholders}`` as pytest-bdd's ``parsers.parse`` has them.
        method: the name of the method.
        line: where that stands in the check's file, counted from 1.
        states: what a *Then* says of the asset that was looked at: one of the statements that an asset kind's
            being VERIFIED rests on (``Asset.rests_on``); None if it says nothing of the kind.
    """

    keyword: Keyword
    text: str
    method: str
    line: int
    states: str | None = None

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names of the placeholders, in the order of the text."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.text) if name)


@dataclass(frozen=True, slots=True)
class CheckKind:
    """A check as it is declared: its name, the class that looks and answers, and its phrases.

    Attributes:
        name: what the journal calls it.
        survey: the class below ``@check``.
        phrases: those of its ``look`` first, then those of its answers.
        covers: the kind of noun of which ``look`` examines every one, so that no feature need name them;
            None if there is none.
        about: the asset kind of which ``look`` examines the only asset, where no phrase names one.
    """

    name: str
    survey: type[Any]
    phrases: tuple[CheckPhrase, ...]
    covers: str | None = None
    about: str | None = None

    @property
    def file(self) -> str:
        """The module as a path, relative to where modules are found."""
        return _file_of(self.survey)

    @property
    def looks_when_asked(self) -> bool:
        """Whether its *Then* looks by itself, because no *When* is declared."""
        return all(phrase.keyword == "then" for phrase in self.phrases)

    def references(self, phrase: CheckPhrase) -> Mapping[str, str]:
        """Return the kind of noun that each placeholder of ``phrase`` names; one that names none is left out.

        Raises:
            PluginError: an annotation can't be resolved.
        """
        try:
            kinds = references_in(getattr(self.survey, phrase.method))
        except (NameError, AttributeError, TypeError) as error:
            raise PluginError(
                f"the annotations of {self.survey.__name__}.{phrase.method} can't be resolved: {error}",
                where=Location(self.file, phrase.line),
                hint="import what they name at run time, not only below TYPE_CHECKING",
            ) from error
        return {name: kinds[name] for name in phrase.placeholders if name in kinds}


def check(name: str, *, covers: str | None = None, about: str | None = None) -> Callable[[type[C]], type[C]]:
    """Declare the class below as a check.

    Args:
        name: what the journal calls it, such as ``"object prefixes"``; unique among all checks.
        covers: the kind of noun of which ``look`` examines every one (``"queue"``), so that the linter does
            not ask for a feature that names each.
        about: the asset kind (``"secrets"``) of which ``look`` examines the contract's only asset, where its
            phrase names none: whose asset the *Then* lines below speak of.

    Raises:
        PluginError: ``look`` is missing or no classmethod, there is no ``@then``, a text stands twice, or
            placeholders and parameters do not fit.
    """

    def declare(survey: type[C]) -> type[C]:
        phrases = tuple(
            sorted(_phrases_of(survey), key=lambda phrase: (phrase.keyword == "then", phrase.line))
        )
        if problem := _problem(name, survey, phrases):
            raise PluginError(
                f"check {name!r} ({survey.__name__}): {problem}", where=Location(_file_of(survey))
            )
        setattr(survey, _KIND, CheckKind(name, survey, phrases, covers, about))
        return survey

    return declare


def when(text: str) -> Callable[[Member], Member]:
    """Declare the words with which a feature asks for this ``look``; placeholders become its arguments."""
    return _marking("when", text, None)


def then(text: str, *, states: str | None = None) -> Callable[[Member], Member]:
    """Declare the words that state what this method observes; it returns an ``Observation``.

    Args:
        text: the words.
        states: which statement of an asset kind's ``rests_on`` that is, such as ``"rows"``; None if of none.
    """
    return _marking("then", text, states)


def kind_of(survey: type[Any]) -> CheckKind:
    """Return the declaration of a class below ``@check``. Raises PluginError if it is none."""
    kind = vars(survey).get(_KIND)
    if not isinstance(kind, CheckKind):
        raise PluginError(
            f"{survey.__name__} is no check",
            where=Location(_file_of(survey)),
            hint='put @check("…") above it',
        )
    return kind


def kinds_in(namespace: Mapping[str, object]) -> Iterator[CheckKind]:
    """Yield each check among the values of a module's namespace, once."""
    classes = {id(value): value for value in namespace.values() if isinstance(value, type)}
    yield from (kind_of(survey) for survey in classes.values() if _KIND in vars(survey))


def _marking(keyword: Keyword, text: str, states: str | None) -> Callable[[Member], Member]:
    def mark(member: Member) -> Member:
        function = _function_of(member)
        setattr(function, _PHRASES, (*getattr(function, _PHRASES, ()), (keyword, text, states)))
        return member

    return mark


def _phrases_of(survey: type[Any]) -> Iterator[CheckPhrase]:
    """The phrases of the class and of those it inherits from; what it overrides without a phrase has none."""
    for method in dir(survey):
        function = _function_of(inspect.getattr_static(survey, method))
        for keyword, text, states in getattr(function, _PHRASES, ()) if inspect.isfunction(function) else ():
            yield CheckPhrase(keyword, text, method, function.__code__.co_firstlineno, states)


def _function_of(member: Any) -> Any:
    return getattr(member, "__func__", member)


def _file_of(survey: type[Any]) -> str:
    return f"{survey.__module__.replace('.', '/')}.py"


def _problem(name: str, survey: type[Any], phrases: tuple[CheckPhrase, ...]) -> str | None:
    look = inspect.getattr_static(survey, _LOOK, None)
    texts = [phrase.text for phrase in phrases]
    if not name.strip():
        return "the name is empty"
    if not isinstance(look, classmethod):
        return "look() is missing, or no classmethod: put @classmethod below its @when"
    if not any(phrase.keyword == "then" for phrase in phrases):
        return "no method has a @then, so it could state nothing"
    if doubled := next((text for text in texts if texts.count(text) > 1), None):
        return f"two phrases say {doubled!r}"
    if astray := next(
        (phrase for phrase in phrases if (phrase.keyword == "when") != (phrase.method == _LOOK)), None
    ):
        return (
            f"@{astray.keyword} stands on {astray.method}(): @when is for look(), @then for what it answers"
        )
    looks = [phrase for phrase in phrases if phrase.keyword == "when"] or [CheckPhrase("when", "", _LOOK, 0)]
    answers = [phrase for phrase in phrases if phrase.keyword == "then"]
    # The first parameter, restore of look() and self of an answer, is filled by no placeholder.
    problems = (_unfit(getattr(survey, phrase.method), phrase) for phrase in (*looks, *answers))
    return next(filter(None, problems), None)


def _unfit(method: Callable[..., Any], phrase: CheckPhrase) -> str | None:
    """Why the placeholders of ``phrase`` are not the parameters after the first, or None."""
    _, *parameters = inspect.signature(method).parameters.values()
    names = {parameter.name for parameter in parameters}
    for placeholder in phrase.placeholders:
        if placeholder not in names:
            return f"{phrase.method}() has no parameter {placeholder!r}, which {phrase.text!r} fills"
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for parameter in parameters:
        required = parameter.default is parameter.empty and parameter.kind not in variadic
        if required and parameter.name not in phrase.placeholders:
            filled = f"{phrase.text!r} does not" if phrase.text else "no @when says how to"
            return f"{filled} fill the parameter {parameter.name!r} of {phrase.method}()"
    return None

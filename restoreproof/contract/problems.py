"""What is wrong with a contract: each fault with its place and, where there is one, the word meant."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from restoreproof.errors import ContractError, Location


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a contract."""

    where: Location
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        meant = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.message}{meant}"


class InvalidContract(ContractError):
    """Error with everything that was found wrong with one contract, in the order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(set(problems), key=lambda problem: (problem.where.line or 0, str(problem)))
        )
        if not self.problems:
            raise ValueError("a contract without problems is not invalid")
        first = self.problems[0]
        others = "".join(f"\n{problem.where}: {problem}" for problem in self.problems[1:])
        super().__init__(
            f"{first}{others}",
            where=first.where,
            hint="correct the lines named; docs/stack.schema.json has every key",
        )


def nearest(word: object, words: Iterable[str]) -> str | None:
    """Return the one of ``words`` that is most like ``word``; None if none is like it."""
    return next(iter(difflib.get_close_matches(str(word), sorted(words), n=1, cutoff=0.6)), None)


def dotted(path: Iterable[str | int]) -> str:
    """Return a path of keys as messages write it, joined by dots."""
    return ".".join(str(part) for part in path)


def instead(word: object, candidates: Iterable[str]) -> tuple[str, str | None]:
    """Return what to say after a word that is not among ``candidates``, and the one that was meant."""
    words = sorted(candidates)
    meant = nearest(word, words)
    return ("" if meant or not words else f"; known here: {', '.join(words)}"), meant


class Places(Protocol):
    """Protocol of what knows on which line a path of keys stands."""

    def where(self, path: tuple[str | int, ...], /) -> Location:
        """Return the place of ``path``."""


def from_validation(
    error: ValidationError, model: type[BaseModel], places: Places, prefix: tuple[str | int, ...] = ()
) -> list[Problem]:
    """Return the problems that pydantic found when it read ``model`` from what stands at ``prefix``."""
    return [_problem(detail, model, places, prefix) for detail in error.errors(include_url=False)]


_LISTS = frozenset({"tuple_type", "list_type", "set_type", "frozen_set_type"})
_MAPPINGS = frozenset({"dict_type", "mapping_type", "model_type", "model_attributes_type"})


def _problem(error: Any, model: type[BaseModel], places: Places, prefix: tuple[str | int, ...]) -> Problem:
    path: tuple[str | int, ...] = error["loc"]
    place = (*prefix, *path)
    block = dotted(place[:-1]) or "the contract"
    annotation = _annotation_at(
        model, path[: -1 if error["type"] in ("extra_forbidden", "missing") else None]
    )
    match error["type"]:
        case "extra_forbidden":
            others, meant = instead(path[-1], _keys(annotation))
            return Problem(places.where(place), f"unknown key {path[-1]!r} in {block}{others}", meant)
        case "missing":
            only = _choices(_child(annotation, path[-1]))
            meant = f"{path[-1]}: {only[0]}" if len(only) == 1 else None
            return Problem(places.where(place[:-1]), f"{block} lacks the key {path[-1]!r}", meant)
        case kind:
            message, meant = _said(error, kind, annotation)
            return Problem(places.where(place), f"{dotted(place) or 'the contract'}: {message}", meant)


def _said(error: Any, kind: str, annotation: Any) -> tuple[str, str | None]:
    """Return what is wrong with a value, in the words of a contract, and what was meant."""
    value, shown = error["input"], _shown(error["input"])
    if kind in _LISTS:
        listed = f"[{value}]" if isinstance(value, str | int | float) else None
        return f"should be a list, not {shown}", listed
    if kind in _MAPPINGS:
        return f"should be a mapping of keys to values, not {shown}", None
    message = error["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return message, None
    quoted = "; put it in quotes" if kind == "string_type" and isinstance(value, float | int) else ""
    return f"{message}, not {shown}{quoted}", nearest(value, _choices(annotation))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _annotation_at(annotation: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        annotation = _child(_plain(annotation), part)
    return _plain(annotation)


def _plain(annotation: Any) -> Any:
    """Return the annotation without ``Annotated`` and without ``| None``."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return next(option for option in typing.get_args(annotation) if option is not types.NoneType)
    return annotation


def _child(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    arguments = typing.get_args(annotation)
    return (arguments[1] if typing.get_origin(annotation) is dict else arguments[0]) if arguments else None


def _choices(annotation: Any) -> list[str]:
    """Return the texts that a field may be, where its type lists them."""
    annotation = _plain(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [choice for choice in typing.get_args(annotation) if isinstance(choice, str)]
    return []


def _keys(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    return []

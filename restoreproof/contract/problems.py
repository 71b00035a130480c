"""What is wrong with a contract: each fault with its place and, where there is one, the word meant."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from restoreproof.contract.runtime_blocks import ReadBy
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
    """Everything that was found wrong with one contract, in the order of its lines."""

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


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``word`` was probably meant to be."""
    return next(iter(difflib.get_close_matches(str(word), sorted(known), n=1, cutoff=0.6)), None)


class Places(Protocol):
    """Whatever knows on which line a path of keys stands."""

    def where(self, path: tuple[str | int, ...], /) -> Location:
        """The place of ``path``."""


def from_validation(
    error: ValidationError, model: type[BaseModel], places: Places, prefix: tuple[str | int, ...] = ()
) -> list[Problem]:
    """The problems that pydantic found when it read ``model`` from what stands at ``prefix``."""
    return [_problem(found, model, places, prefix) for found in error.errors(include_url=False)]


def _problem(found: Any, model: type[BaseModel], places: Places, prefix: tuple[str | int, ...]) -> Problem:
    path: tuple[str | int, ...] = found["loc"]
    block = ".".join(str(part) for part in (*prefix, *path[:-1])) or "the contract"
    match found["type"]:
        case "extra_forbidden":
            known = _keys(_annotation_at(model, path[:-1]))
            where = places.where((*prefix, *path))
            return Problem(where, f"unknown key {path[-1]!r} in {block}", nearest(path[-1], known))
        case "missing":
            return Problem(places.where((*prefix, *path[:-1])), f"{block} lacks the key {path[-1]!r}")
        case kind:
            message = found["msg"].removeprefix("Value error, ")
            given = "" if kind == "value_error" else f", not {_shown(found['input'])}"
            given += (
                "; put it in quotes"
                if kind == "string_type" and isinstance(found["input"], float | int)
                else ""
            )
            name = ".".join(str(part) for part in (*prefix, *path)) or "the contract"
            return Problem(places.where((*prefix, *path)), f"{name}: {message}{given}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _annotation_at(annotation: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        annotation = _child(_plain(annotation), part)
    return _plain(annotation)


def _plain(annotation: Any) -> Any:
    """The annotation without ``Annotated`` and without ``| None``."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return next(option for option in typing.get_args(annotation) if option is not types.NoneType)
    return annotation


def _child(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                owner = next((mark for mark in field.metadata if isinstance(mark, ReadBy)), None)
                return owner.model() if owner else field.annotation
        return None
    arguments = typing.get_args(annotation)
    return (arguments[1] if typing.get_origin(annotation) is dict else arguments[0]) if arguments else None


def _keys(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    return []

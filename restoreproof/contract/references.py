"""One walk over the models of a contract: the nouns they define, the names they use, and their queries.

Nothing here knows a block by its name: what a field means stands beside it, in its model (``declarations``).
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from pydantic import BaseModel

from restoreproof.contract.declarations import Defines, Expands, Parameters
from restoreproof.contract.document import Path
from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem, dotted, nearest
from restoreproof.contract.ref import Ref
from restoreproof.contract.sql import Sql
from restoreproof.contract.variables import variables_in
from restoreproof.errors import Location

MOMENTS = frozenset({"recovery_point"})
"""What every contract query may ask for beside the windows and the people."""
_VARIABLE = Ref("variable", where_listed=True)
_COMMON = Parameters()

Key = tuple[str, str]
"""A noun's kind and name."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that the contract gives to something. ``within`` is the noun it stands in, if it does."""

    mark: Defines
    name: str
    path: Path
    within: Key | None

    @property
    def key(self) -> Key:
        """Kind and name of the noun."""
        return self.mark.kind, self.name


@dataclass(frozen=True, slots=True)
class Use:
    """A name that must be defined somewhere."""

    mark: Ref
    name: str
    path: Path
    within: Key | None


@dataclass(frozen=True, slots=True)
class Query:
    """SQL of the contract, and what it may ask for."""

    sql: Sql
    allowed: Parameters
    path: Path
    within: Key | None


Declared = Definition | Use | Query


@dataclass(frozen=True, slots=True)
class Bound:
    """One noun and where it stands. ``uses`` are the nouns, by kind and name, that are looked at through it.

    ``wanted`` is false where a drill makes use of the noun without any feature.
    """

    kind: str
    name: str
    where: Location
    uses: frozenset[Key]
    wanted: bool


def declared(contract: Contract) -> tuple[Declared, ...]:
    """Return all that the contract and the blocks of its kinds and components declare, in their order.

    Raises:
        ContractError: a block does not fit its kind or component.
    """
    return tuple(_declared(contract))


def nouns(contract: Contract) -> dict[str, set[str]]:
    """Return the names a contract defines, by kind: what a phrase's quoted words are held against."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for definition in _definitions(declared(contract)):
        names[definition.mark.kind].add(definition.name)
    return dict(names)


def bindings(contract: Contract) -> tuple[Bound, ...]:
    """Return every noun of the contract with its place, and the nouns that are looked at through it."""
    everything = declared(contract)
    definitions = {definition.key: definition for definition in _definitions(everything)}
    ties: defaultdict[Key | None, set[Key]] = defaultdict(set)
    for each in everything:
        ties[each.within] |= set(_meant(each, definitions))
    return tuple(
        Bound(*key, contract.where(*definition.path), frozenset(ties[key]), definition.mark.spoken)
        for key, definition in definitions.items()
    )


def noun_digests(contract: Contract) -> dict[Key, str]:
    """Return the SHA-256 (hex) of each noun's block, in canonical JSON: an edit of it changes this alone."""
    return {
        noun.key: hashlib.sha256(rfc8785.dumps(_plain(contract.written(*noun.path)))).hexdigest()
        for noun in _definitions(declared(contract))
    }


def queries(contract: Contract) -> dict[str, str]:
    """Return the SQL that each noun is read by, under its name: its own first, or that of a noun it names."""
    first: dict[Key, str] = {}
    shown: dict[Key, Key] = {}
    for each in declared(contract):
        match each:
            case Query(sql=sql, allowed=Parameters(common=True), within=(_, _) as within):
                first.setdefault(within, sql.strip())
            case Use(mark=Ref(kind=kind, shows_query=True), name=name, within=(_, _) as within):
                shown[within] = (kind, name)
            case _:
                pass
    referred = {within: first[target] for within, target in shown.items() if target in first}
    return {name: sql for (_, name), sql in {**referred, **first}.items()}


def problems(contract: Contract) -> Iterator[Problem]:
    """Yield every name that is defined nowhere, with its line and the nearest name that exists."""
    everything = declared(contract)
    names: defaultdict[str, set[str]] = defaultdict(set)
    parameters = set(MOMENTS)
    for definition in _definitions(everything):
        names[definition.mark.kind].add(definition.name)
        if definition.mark.parameter:
            parameters.add(definition.name)
    yield from _doubled(contract, everything)
    for each in everything:
        match each:
            case Use(mark=Ref(kind=kind, where_listed=lenient), name=name):
                if name not in names[kind] and (names[kind] or not lenient):
                    yield _unknown(contract, each.path, kind, name, names[kind])
            case Query(sql=sql, allowed=allowed):
                askable = allowed.also | (parameters if allowed.common else frozenset())
                for name in sorted(sql.parameters - askable):
                    yield _unknown(contract, each.path, "parameter", name, askable)
            case Definition():
                pass


def _plain(value: Any) -> Any:
    """Return ``value`` with each date, and whatever else YAML has beyond JSON, as text."""
    return json.loads(json.dumps(value, default=str))


def _doubled(contract: Contract, everything: Sequence[Declared]) -> Iterator[Problem]:
    """Yield each name of two nouns of one kind, where a sentence or a query names them by it alone."""
    first: dict[Key, Definition] = {}
    for definition in _definitions(everything):
        other = first.setdefault(definition.key, definition)
        if definition.path[:-1] == other.path[:-1]:
            continue  # the same, or twice in one list: ``consistency`` knows its words
        if definition.mark.spoken or definition.mark.parameter:
            kind, name = definition.key
            yield Problem(
                contract.where(*definition.path),
                f"{dotted(definition.path)}: the {kind} {name!r} stands at {dotted(other.path)} already: "
                "nothing could tell the two apart; give one of them another name",
            )


def _unknown(contract: Contract, path: Path, what: str, name: str, names: typing.Collection[str]) -> Problem:
    message = f"{dotted(path)}: no {what} is called {name!r}"
    return Problem(contract.where(*path), message, nearest(name, names))


def _definitions(everything: Sequence[Declared]) -> Iterator[Definition]:
    return (each for each in everything if isinstance(each, Definition))


def _meant(each: Declared, definitions: Mapping[Key, Definition]) -> Iterator[Key]:
    """Yield the nouns that are looked at with the noun around ``each``."""
    match each:
        case Definition():
            yield each.key
        case Use(mark=Ref(kind=kind, ties=True), name=name) if (kind, name) in definitions:
            yield kind, name
        case Query(sql=sql):
            yield from (
                key for key, noun in definitions.items() if noun.mark.parameter and key[1] in sql.parameters
            )
        case _:
            pass


def _declared(contract: Contract) -> Iterator[Declared]:
    yield from _of_model(contract, (), None)
    for block in contract.blocks():
        yield from _of_model(block.model, block.path, block.noun)


def _of_model(model: BaseModel, path: Path, within: Key | None) -> Iterator[Declared]:
    for name, field in type(model).model_fields.items():
        if name not in model.model_fields_set:
            continue  # a default is nobody's word
        key = field.alias or name
        yield from _of_value(
            getattr(model, name), field.annotation, tuple(field.metadata), (*path, key), within
        )
    extra = typing.get_type_hints(type(model), include_extras=True).get("__pydantic_extra__")
    if model.model_extra and extra and typing.get_origin(extra) is dict:
        yield from _of_value(model.model_extra, extra, (), path, within)


def _of_value(
    value: object, annotation: Any, marks: tuple[object, ...], path: Path, within: Key | None
) -> Iterator[Declared]:
    annotation, marks = _opened(value, annotation, marks)
    match value:
        case str():
            yield from _of_text(value, marks, path, within)
        case BaseModel():
            for definition in _named(str(path[-1]), marks, path, within):
                yield definition
                within = definition.key
            yield from _of_model(value, path, within)
        case dict():
            of_key, of_value = typing.get_args(annotation) or (Any, Any)
            for name, item in value.items():
                inner = within
                for each in _of_value(name, of_key, (), (*path, name), within):
                    yield each
                    inner = each.key if isinstance(each, Definition) else inner
                yield from _of_value(item, of_value, (), (*path, name), inner)
        case tuple() | list():
            of_item = (typing.get_args(annotation) or (Any,))[0]
            for position, item in enumerate(value):
                yield from _of_value(item, of_item, (), (*path, position), within)
        case _:
            pass


def _of_text(text: str, marks: tuple[object, ...], path: Path, within: Key | None) -> Iterator[Declared]:
    if isinstance(text, Sql):
        allowed = next((mark for mark in marks if isinstance(mark, Parameters)), _COMMON)
        yield Query(text, allowed, path, within)
    yield from _named(text, marks, path, within)
    for mark in marks:
        match mark:
            case Ref():
                yield Use(mark, text, path, within)
            case Expands():
                yield from (Use(_VARIABLE, name, path, within) for name in variables_in(text))
            case _:
                pass


def _named(name: str, marks: tuple[object, ...], path: Path, within: Key | None) -> Iterator[Definition]:
    return (Definition(mark, name, path, within) for mark in marks if isinstance(mark, Defines))


def _opened(value: object, annotation: Any, marks: tuple[object, ...]) -> tuple[Any, tuple[object, ...]]:
    """Return the annotation that fits ``value``, without ``Annotated`` and unions, and all its marks."""
    if hasattr(annotation, "__metadata__"):
        return _opened(value, annotation.__origin__, (*marks, *annotation.__metadata__))
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        fitting = (option for option in typing.get_args(annotation) if _fits(value, option))
        return _opened(value, next(fitting, Any), marks)
    return annotation, marks


def _fits(value: object, annotation: Any) -> bool:
    if hasattr(annotation, "__metadata__"):
        return _fits(value, annotation.__origin__)
    kind = typing.get_origin(annotation) or annotation
    return kind is Any or (isinstance(kind, type) and isinstance(value, kind))

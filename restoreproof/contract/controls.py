"""``controls.toml`` beside the contract: what a stack's checks show, and which controls they support."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from restoreproof.bounded_file import OversizedFile, read_bounded
from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem, nearest
from restoreproof.errors import ContractError, Location
from restoreproof.plan import Bearing, CheckScope, StackControls

FILE = "controls.toml"
SCHEMA = "restoreproof/stack-controls/v1"
MAX_BYTES = 1024 * 1024

Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9.-]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class _Scope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Text
    shows: Text
    not_shown: Text


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["restoreproof/stack-controls/v1"] = Field(alias="schema")
    bears_on: dict[Label, tuple[Text, ...]] = {}
    check: tuple[_Scope, ...] = ()


def controls_of(contract: Contract) -> StackControls | None:
    """Return what ``controls.toml`` beside the contract says; None if there is no such file.

    Raises:
        ContractError: the file can't be read or does not hold what it must; the first fault, with its line.
    """
    path = contract.directory / FILE
    return read_controls(path) if path.exists() else None


def read_controls(path: Path) -> StackControls:
    """Read a file of that form. Raises ContractError, see ``controls_of``."""
    text = _text(path)
    try:
        content = _File.model_validate(tomllib.loads(text))
    except RecursionError as error:
        raise ContractError("it is nested too deeply to be read", where=Location(str(path))) from error
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"no TOML: {error}", where=Location(str(path))) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ContractError(
            f"{key}: {first['msg']}",
            where=Location(str(path), _line(text, first["loc"])),
            hint=f"the form is that of {SCHEMA}: [bears_on] and [[check]] with id, shows and not_shown",
        ) from error
    ids = [scope.id for scope in content.check]
    for index, name in enumerate(ids):
        if name in ids[:index]:
            where = Location(str(path), _line(text, ("check", index)))
            raise ContractError(f"{name!r} is described twice", where=where, hint="leave one of them out")
    return StackControls(
        bearings=tuple(Bearing(label, checks) for label, checks in content.bears_on.items()),
        scopes=tuple(CheckScope(scope.id, scope.shows, scope.not_shown) for scope in content.check),
    )


def stray_globs(contract: Contract, ids: Collection[str]) -> Iterator[Problem]:
    """Yield each check, or glob of checks, in ``controls.toml`` that none of ``ids`` matches, with its line.

    Args:
        contract: the contract that the file lies beside; without such a file nothing is yielded.
        ids: the ids of every check that a drill of the stack can have.

    Raises:
        ContractError: see ``controls_of``.
    """
    controls = controls_of(contract)
    if controls is None:
        return
    path = contract.directory / FILE
    lines = _text(path).splitlines()
    named = [
        (f"bears_on.{bearing.control}", glob) for bearing in controls.bearings for glob in bearing.checks
    ]
    named += [("check", scope.id) for scope in controls.scopes]
    for block, glob in named:
        if not any(fnmatchcase(check, glob) for check in ids):
            line = next((number for number, text in enumerate(lines, 1) if f'"{glob}"' in text), None)
            message = f"{block}: no check is called {glob!r}"
            yield Problem(Location(str(path), line), message, nearest(glob, ids))


def _text(path: Path) -> str:
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise ContractError(f"can't be read: {error.strerror}", where=Location(str(path))) from error
    except OversizedFile as error:
        raise ContractError(f"it is not read: {error}", where=Location(str(path))) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ContractError("it is not UTF-8", where=Location(str(path))) from error


def _line(text: str, place: tuple[int | str, ...]) -> int | None:
    """Return the line (from 1) of a ``[[check]]`` table or of a control's label; None for anything else."""
    match place:
        case ("check", int(index), *_):
            starts = [match.start() for match in re.finditer(r"^\[\[check\]\]", text, re.MULTILINE)]
            start = starts[index] if index < len(starts) else None
        case ("bears_on", str(label), *_):
            match = re.search(rf'^"?{re.escape(label)}"?\s*=', text, re.MULTILINE)
            start = match.start() if match else None
        case _:
            start = None
    return None if start is None else text.count("\n", 0, start) + 1

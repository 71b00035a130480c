"""A YAML file as plain values, with the line of every key kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from restoreproof.contract.problems import InvalidContract, Problem
from restoreproof.errors import Location

MAX_LEVELS = 64
"""Levels of lists and mappings that a contract may have, one within another."""
Path = tuple[str | int, ...]
"""The way from the top of a document to one value: keys and list positions."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """Plain values of a file (``data``), with the line of each."""

    file: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=lambda: MappingProxyType({}))

    def where(self, path: Path) -> Location:
        """Return the place of ``path``, or of the nearest thing around it that has a place."""
        while path and path not in self.lines:
            path = path[:-1]
        return Location(self.file, self.lines.get(path))

    def value(self, path: Path) -> Any:
        """Return the plain value at ``path``. Raises LookupError where there is none."""
        value = self.data
        for key in path:
            value = value[key]
        return value


def read(text: str, file: str) -> tuple[YamlDocument, list[Problem]]:
    """Read one YAML document.

    Returns:
        the document, and every duplicate or unusable key found on the way.

    Raises:
        InvalidContract: the text is not YAML, so that there is nothing to go on with.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    try:
        node = yaml.compose(text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        reason = (error.problem if isinstance(error, MarkedYAMLError) else None) or "not YAML"
        where = Location(file, mark.line + 1 if mark else None)
        raise InvalidContract([Problem(where, f"not readable as YAML: {reason}")]) from error
    if node is None:
        raise InvalidContract([Problem(Location(file), "the file is empty")])
    reader = _Reader(file, yaml.constructor)
    data = reader.plain(node, ())
    return YamlDocument(file, data, MappingProxyType(reader.lines)), reader.problems


class _BoundedComposer(Composer):
    """Composer that refuses what no contract nests so deep: it would end in a RecursionError, and late."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node and what is below it. Raises MarkedYAMLError if it stands too deep."""
        self._depth += 1
        if self._depth > MAX_LEVELS:
            problem = f"it is nested more than {MAX_LEVELS} levels deep"
            raise MarkedYAMLError(problem=problem, problem_mark=self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Walks composed nodes; ruamel's own mapping stops at the first duplicate, this one collects all."""

    def __init__(self, file: str, constructor: Any) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._constructor = constructor
        self._seen: set[int] = set()

    def plain(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            # An alias may be a loop, or a bomb that unfolds without end; a contract needs neither.
            self._problem(node, "aliases are not read here; write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*path, position)) for position, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, ScalarNode) else None
            line = key_node.start_mark.line + 1
            if not isinstance(key, str) or key == "<<":
                self._problem(key_node, f"{key!r} can't be a key; keys are text, quoted where need be")
                continue
            if key in first:
                self._problem(key_node, f"duplicate key {key!r}; it stands on line {first[key]} already")
                continue
            first[key] = self.lines[(*path, key)] = line
            values[key] = self.plain(value_node, (*path, key))
        return values

    def _scalar(self, node: Node) -> Any:
        try:
            return self._constructor.construct_object(node, deep=True)
        except (YAMLError, ValueError) as error:
            reason = error.problem if isinstance(error, MarkedYAMLError) else str(error)
            self._problem(node, f"not a value: {reason}")
            return None

    def _problem(self, node: Node, message: str) -> None:
        self.problems.append(Problem(Location(self._file, node.start_mark.line + 1), message))

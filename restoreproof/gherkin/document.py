"""A feature file as frozen data, read with the official Gherkin parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

from restoreproof.errors import FeatureError, Location

PLACEHOLDER = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Tag:
    """``@name`` or ``@name:value``, with the line it stands on."""

    name: str
    value: str
    line: int

    def __str__(self) -> str:
        return f"{self.name}:{self.value}" if self.value else self.name


@dataclass(frozen=True, slots=True)
class Step:
    """One step as written; ``table`` includes its header row."""

    keyword: str
    kind: str
    text: str
    line: int
    table: tuple[tuple[str, ...], ...] = ()
    docstring: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an Examples table."""

    line: int
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """One Examples table."""

    line: int
    tags: tuple[Tag, ...]
    header: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A Rule, with the steps of its Background."""

    title: str
    line: int
    tags: tuple[Tag, ...]
    background: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario or an outline; ``own_steps`` are without any Background."""

    title: str
    line: int
    tags: tuple[Tag, ...]
    description: str
    own_steps: tuple[Step, ...]
    outline: bool
    examples: tuple[Examples, ...]
    rule: Rule | None


@dataclass(frozen=True)
class Document:
    """One feature file. ``file`` is how messages and ids name it: relative to the features directory."""

    path: Path
    file: str
    title: str
    description: str
    line: int
    tags: tuple[Tag, ...]
    background: tuple[Step, ...]
    scenarios: tuple[Scenario, ...]

    def steps_of(self, scenario: Scenario) -> tuple[Step, ...]:
        """The steps as they run: the feature's Background, the rule's, the scenario's own."""
        rule = scenario.rule.background if scenario.rule else ()
        return (*self.background, *rule, *scenario.own_steps)

    def layers_of(self, scenario: Scenario, examples: Examples | None) -> tuple[tuple[Tag, ...], ...]:
        """The tags that apply, the most specific layer first: examples, scenario, rule, feature."""
        rule = scenario.rule.tags if scenario.rule else ()
        return (examples.tags if examples else (), scenario.tags, rule, self.tags)

    @property
    def of_source(self) -> bool:
        """Whether it speaks of a running source (``@source``), not of a restored stack: no drill plans it."""
        return any(tag.name == "source" for tag in self.tags)

    @cached_property
    def every_tag(self) -> tuple[Tag, ...]:
        """All tags of the file, in no promised order."""
        rules = {scenario.rule for scenario in self.scenarios if scenario.rule}
        tables = [table for scenario in self.scenarios for table in scenario.examples]
        owners = [
            self.tags,
            *(s.tags for s in self.scenarios),
            *(r.tags for r in rules),
            *(t.tags for t in tables),
        ]
        return tuple(tag for owner in owners for tag in owner)


def render(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each ``<placeholder>`` that has a value replaced by it."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def feature_files(features: Path) -> list[Path]:
    """Every ``.feature`` file below ``features`` (or the one file that it is), sorted."""
    return [features] if features.is_file() else sorted(features.rglob("*.feature"))


def parse(path: Path, features: Path) -> Document:
    """The document in ``path``, named relative to ``features``.

    Raises:
        FeatureError: it can't be read, is no Gherkin, or holds no feature; with file and line.
    """
    file = path.relative_to(features).as_posix() if path != features else path.name
    try:
        tree = Parser().parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FeatureError(f"the file can't be read: {error}", where=Location(file)) from error
    except CompositeParserException as error:
        first = error.errors[0]
        more = f" (and {len(error.errors) - 1} more)" if len(error.errors) > 1 else ""
        raise _syntax_error(first, file, more) from error
    except ParserError as error:
        raise _syntax_error(error, file, "") from error
    if "feature" not in tree:
        raise FeatureError("the file holds no Feature", where=Location(file, 1))
    return _document(path, file, tree["feature"])


def _syntax_error(error: Any, file: str, more: str) -> FeatureError:
    location = getattr(error, "location", None) or {}
    message = str(error).split(": ", 1)[-1].replace("#", "")
    return FeatureError(f"not Gherkin: {message}{more}", where=Location(file, location.get("line")))


def _document(path: Path, file: str, feature: Mapping[str, Any]) -> Document:
    children = feature["children"]
    return Document(
        path=path,
        file=file,
        title=feature["name"],
        description=_plain(feature["description"]),
        line=feature["location"]["line"],
        tags=_tags(feature),
        background=_background(children),
        scenarios=tuple(_scenarios(children, None)),
    )


def _scenarios(children: list[Mapping[str, Any]], rule: Rule | None) -> Iterator[Scenario]:
    for child in children:
        if "scenario" in child:
            yield _scenario(child["scenario"], rule)
        elif "rule" in child:
            inner = child["rule"]
            named = Rule(
                inner["name"], inner["location"]["line"], _tags(inner), _background(inner["children"])
            )
            yield from _scenarios(inner["children"], named)


def _scenario(scenario: Mapping[str, Any], rule: Rule | None) -> Scenario:
    examples = tuple(_examples(table) for table in scenario["examples"])
    return Scenario(
        title=scenario["name"],
        line=scenario["location"]["line"],
        tags=_tags(scenario),
        description=_plain(scenario["description"]),
        own_steps=_steps(scenario["steps"]),
        outline=bool(examples) or "outline" in scenario["keyword"].lower(),
        examples=examples,
        rule=rule,
    )


def _background(children: list[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        step for child in children if "background" in child for step in _steps(child["background"]["steps"])
    )


def _examples(table: Mapping[str, Any]) -> Examples:
    header = tuple(cell["value"] for cell in table.get("tableHeader", {}).get("cells", ()))
    rows = tuple(
        Row(
            row["location"]["line"], tuple(zip(header, (cell["value"] for cell in row["cells"]), strict=True))
        )
        for row in table.get("tableBody", ())
    )
    return Examples(table["location"]["line"], _tags(table), header, rows)


def _steps(steps: list[Mapping[str, Any]]) -> tuple[Step, ...]:
    written = []
    kind = "Unknown"
    for step in steps:
        # And, But and * take the kind of the step before them, as they do when they run.
        if step["keywordType"] in ("Context", "Action", "Outcome"):
            kind = step["keywordType"]
        rows = step.get("dataTable", {}).get("rows", ())
        written.append(
            Step(
                keyword=step["keyword"].strip(),
                kind=kind,
                text=step["text"],
                line=step["location"]["line"],
                table=tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows),
                docstring=step.get("docString", {}).get("content"),
            )
        )
    return tuple(written)


def _tags(owner: Mapping[str, Any]) -> tuple[Tag, ...]:
    tags = []
    for tag in owner["tags"]:
        name, _, value = tag["name"].removeprefix("@").partition(":")
        tags.append(Tag(name, value, tag["location"]["line"]))
    return tuple(tags)


def _plain(description: str) -> str:
    return "\n".join(line.strip() for line in description.strip().splitlines())

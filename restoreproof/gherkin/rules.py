"""The rules of the linter. A new one is a function and an entry in ``EACH`` or ``TOGETHER``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.document import PLACEHOLDER, Document, Examples, Scenario, Step, render
from restoreproof.gherkin.finding import LintFinding
from restoreproof.gherkin.ids import check_id
from restoreproof.gherkin.tags import FLAGS, KNOWN, SEVERITIES, stage_of, suggest
from restoreproof.gherkin.vocabulary import Vocabulary

_QUOTED = re.compile(r'"(?P<word>[^"<>]+)"(?: (?P<kind>\w+))?')


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules know besides the documents."""

    stages: tuple[str, ...]
    nouns: Mapping[str, Collection[str]] | None = None
    step_modules: tuple[str, ...] = ()


Findings = Iterator[LintFinding]


def duplicate_scenarios(document: Document, _: Context) -> Findings:
    """pytest-bdd keeps the last of two scenarios of one name and says nothing (issue 191)."""
    first: dict[str, int] = {}
    for scenario in document.scenarios:
        other = first.setdefault(scenario.title, scenario.line)
        if other != scenario.line:
            yield LintFinding(
                document.file,
                scenario.line,
                "duplicate-scenario",
                f"two scenarios are called {scenario.title!r}: lines {other} and {scenario.line}",
                "give each its own name; pytest-bdd would run only the last",
                other,
            )


def unnamed(document: Document, _: Context) -> Findings:
    """A scenario without a name has no id, and no place in a report."""
    for scenario in document.scenarios:
        if not scenario.title.strip():
            yield LintFinding(document.file, scenario.line, "unnamed", "the scenario has no name")
    if not document.title.strip():
        yield LintFinding(document.file, document.line, "unnamed", "the feature has no name")
    if not document.scenarios:
        yield LintFinding(document.file, document.line, "empty-feature", "the feature asserts nothing")


def examples(document: Document, _: Context) -> Findings:
    """Examples without rows run once with the literal placeholder; a misspelt one stays literal."""
    for scenario in document.scenarios:
        if scenario.outline and not scenario.examples:
            yield LintFinding(document.file, scenario.line, "no-examples", "the outline has no Examples")
        for table in scenario.examples:
            yield from _table(document, scenario, table)
        if not scenario.outline:
            yield from _unbound(document, scenario, frozenset(), document.steps_of(scenario))


def _table(document: Document, scenario: Scenario, table: Examples) -> Findings:
    if not table.rows:
        yield LintFinding(
            document.file, table.line, "empty-examples", f"these Examples of {scenario.title!r} have no rows"
        )
    steps = document.steps_of(scenario)
    yield from _unbound(document, scenario, frozenset(table.header), steps)
    used = {name for text in _texts(scenario, steps) for name in PLACEHOLDER.findall(text)}
    for column in table.header:
        if column not in used:
            yield LintFinding(
                document.file,
                table.line,
                "unused-column",
                f"no step of {scenario.title!r} uses the column {column!r}",
                suggest(column, used) if used else None,
            )
    if len(set(table.header)) < len(table.header):
        yield LintFinding(document.file, table.line, "duplicate-column", "two columns have one name")


def _unbound(
    document: Document, scenario: Scenario, bound: frozenset[str], steps: Sequence[Step]
) -> Findings:
    for step in steps:
        for name in _names_in(step):
            if name not in bound:
                yield LintFinding(
                    document.file,
                    step.line,
                    "unbound-placeholder",
                    f"<{name}> is bound by no column of the Examples of {scenario.title!r}",
                    suggest(name, bound) if bound else "make it an outline with Examples, or write the value",
                )


def _texts(scenario: Scenario, steps: Sequence[Step]) -> Iterator[str]:
    yield scenario.title
    for step in steps:
        yield from (step.text, step.docstring or "")
        yield from (cell for row in step.table for cell in row)


def _names_in(step: Step) -> list[str]:
    texts = (step.text, step.docstring or "", *(cell for row in step.table for cell in row))
    return [name for text in texts for name in PLACEHOLDER.findall(text)]


def assertions(document: Document, _: Context) -> Findings:
    """A scenario without a Then asserts nothing."""
    for scenario in document.scenarios:
        if not any(step.kind == "Outcome" for step in scenario.own_steps):
            yield LintFinding(
                document.file,
                scenario.line,
                "no-then",
                f"{scenario.title!r} has no Then: it could not fail",
                "say what must be true afterwards",
            )


def stages(document: Document, context: Context) -> Findings:
    """Every check is bound to one stage of the contract's order."""
    for scenario in document.scenarios:
        for table in scenario.examples or (None,):
            try:
                stage_of(
                    document.layers_of(scenario, table),
                    context.stages,
                    Location(document.file, scenario.line),
                )
            except FeatureError as error:
                line = error.where.line if error.where else None
                yield LintFinding(document.file, line or scenario.line, "stage", error.message, error.hint)


def tag_words(document: Document, _: Context) -> Findings:
    """A misspelt tag would be a label that nothing reads."""
    for tag in dict.fromkeys(document.every_tag):
        if tag.name not in KNOWN:
            message = f"unknown tag @{tag}"
            yield LintFinding(document.file, tag.line, "unknown-tag", message, suggest(tag.name, KNOWN))
        elif tag.name in FLAGS and tag.value:
            yield LintFinding(document.file, tag.line, "tag-value", f"@{tag.name} takes no value")
        elif tag.name not in FLAGS and not tag.value:
            yield LintFinding(
                document.file, tag.line, "tag-value", f"@{tag.name} needs a value: @{tag.name}:…"
            )
        elif tag.name == "severity" and tag.value not in SEVERITIES:
            message = f"unknown severity {tag.value!r}"
            yield LintFinding(document.file, tag.line, "severity", message, suggest(tag.value, SEVERITIES))
    for tag in document.tags:
        if tag.name == "id":
            yield LintFinding(document.file, tag.line, "tag-place", "@id names one scenario, not a feature")


def nouns(document: Document, context: Context) -> Findings:
    """A quoted word must be a noun of the contract: of the kind named after it, or else of any kind."""
    if context.nouns is None:
        return
    every = {word for known in context.nouns.values() for word in known}
    steps = (step for scenario in document.scenarios for step in document.steps_of(scenario))
    for step in dict.fromkeys(steps):
        for quoted in _QUOTED.finditer(step.text):
            kind = quoted["kind"] if quoted["kind"] in context.nouns else None
            known = context.nouns[kind] if kind else every
            if quoted["word"] not in known:
                message = f"the contract has no {kind or 'noun'} {quoted['word']!r}"
                nearest = suggest(quoted["word"], sorted(known))
                yield LintFinding(document.file, step.line, "unknown-noun", message, nearest)


def phrases(document: Document, context: Context) -> Findings:
    """Every step, with each row's values, must be a phrase that some step module defines."""
    if not context.step_modules:
        return
    vocabulary = Vocabulary.of(context.step_modules)
    for scenario in document.scenarios:
        rows = [dict(row.values) for table in scenario.examples for row in table.rows] or [{}]
        for step in document.steps_of(scenario):
            for values in rows:
                text = render(step.text, values)
                if not vocabulary.saying(step.kind, text):
                    yield LintFinding(
                        document.file,
                        step.line,
                        "unknown-step",
                        f"no step says {step.keyword} {text!r}",
                        vocabulary.nearest(text),
                    )
                    break


def duplicate_ids(documents: Sequence[Document], _: Context) -> Findings:
    """One id, one check: journal, waivers and history go by it."""
    first: dict[str, tuple[str, int]] = {}
    for document in documents:
        for scenario in document.scenarios:
            for table in scenario.examples or (None,):
                for row in table.rows if table else (None,):
                    line = row.line if row else scenario.line
                    name = check_id(document, scenario, table, row)
                    file, other = first.setdefault(name, (document.file, line))
                    if (file, other) != (document.file, line):
                        message = (
                            f"two checks have the id {name!r}: {file}:{other} and {document.file}:{line}"
                        )
                        yield LintFinding(
                            document.file, line, "duplicate-id", message, "name one with @id:…", other, file
                        )


EACH: tuple[Callable[[Document, Context], Findings], ...] = (
    duplicate_scenarios,
    unnamed,
    examples,
    assertions,
    stages,
    tag_words,
    nouns,
    phrases,
)
"""Rules that look at one document."""

TOGETHER: tuple[Callable[[Sequence[Document], Context], Findings], ...] = (duplicate_ids,)
"""Rules that look across documents."""

"""Outlines that would run hollow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from restoreproof.gherkin.document import PLACEHOLDER, Document, Examples, Scenario, Step
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings
from restoreproof.gherkin.tags import suggest


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

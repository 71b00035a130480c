"""Scenarios that pytest-bdd would lose, or that could not fail."""

from __future__ import annotations

from collections.abc import Sequence

from restoreproof.gherkin.document import Document
from restoreproof.gherkin.ids import check_id
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings


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

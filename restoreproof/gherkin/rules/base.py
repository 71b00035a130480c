"""What every rule of the linter is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from restoreproof.contract.references import Bound
from restoreproof.gherkin.document import Document, Scenario, Step, render
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules know besides the documents. None or empty: the rules that need it say nothing.

    ``nouns`` are the contract's words by kind. ``bound`` are those that somebody has to speak of, and what
    speaks of what. ``vocabulary`` holds every phrase, ``own`` the modules of the stack's own.
    """

    stages: tuple[str, ...]
    nouns: Mapping[str, Collection[str]] | None = None
    bound: tuple[Bound, ...] = ()
    vocabulary: Vocabulary | None = None
    own: frozenset[str] = frozenset()


Findings = Iterator[LintFinding]
Each = Callable[[Document, Context], Findings]
Together = Callable[[Sequence[Document], Context], Findings]


def as_run(document: Document, scenario: Scenario) -> Iterator[list[tuple[Step, str]]]:
    """The steps with their text as they run: once, or once for each row of the Examples."""
    steps = document.steps_of(scenario)
    rows = [dict(row.values) for table in scenario.examples for row in table.rows] or [{}]
    for values in rows:
        yield [(step, render(step.text, values)) for step in steps]


def texts(documents: Sequence[Document]) -> Iterator[tuple[Document, Step, str]]:
    """Every step of every document as it runs; a step that runs for several rows comes several times."""
    for document in documents:
        for scenario in document.scenarios:
            for run in as_run(document, scenario):
                yield from ((document, step, text) for step, text in run)

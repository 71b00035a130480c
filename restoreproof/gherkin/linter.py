"""The linter: what pytest-bdd would run hollow or lose in silence is refused here, with file and line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from restoreproof.contract.references import Bound
from restoreproof.errors import FeatureError
from restoreproof.gherkin.document import Document, feature_files, parse
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.plain_tests import plain_checks
from restoreproof.gherkin.rules import EACH, TOGETHER, Context
from restoreproof.gherkin.support_code import refuse_unreadable_code
from restoreproof.gherkin.vocabulary import Vocabulary


def lint(
    features: Path,
    stages: Sequence[str],
    nouns: Mapping[str, Collection[str]] | None = None,
    step_modules: Sequence[str] | None = None,
    bound: Sequence[Bound] = (),
) -> list[LintFinding]:
    """Every finding in the features, sorted by file and line; an empty list means they can be run.

    Args:
        stages: the contract's order; ``@at`` must name one of them.
        nouns: the contract's words by kind (``{"dataset": [...], "bucket": [...]}``); quoted words of steps
            that follow such a kind's name must be among them. None skips that rule.
        step_modules: the stack's own modules with step phrases, in addition to the installed checks; every
            step must match one phrase, and every phrase of these modules must be matched. None skips that.
        bound: the contract's nouns that some feature has to speak of.
    """
    documents, findings = [], []
    for path in feature_files(features):
        try:
            documents.append(parse(path, features))
        except FeatureError as error:
            findings.append(_finding(error, path, "syntax"))
    try:
        plain_checks(features, stages)
        refuse_unreadable_code(features)
    except FeatureError as error:
        findings.append(_finding(error, features, "plain-test"))
    vocabulary = None if step_modules is None else Vocabulary.of(tuple(step_modules))
    context = Context(tuple(stages), nouns, tuple(bound), vocabulary, frozenset(step_modules or ()))
    drilled = [document for document in documents if not document.of_source]
    return _sorted([*findings, *_apply(drilled, context)])


def _finding(error: FeatureError, path: Path, rule: str) -> LintFinding:
    place = error.where
    file, line = (place.file, place.line) if place else (str(path), None)
    return LintFinding(file, line or 1, rule, error.message, error.hint)


def lint_documents(documents: Sequence[Document], stages: Sequence[str]) -> list[LintFinding]:
    """The findings that need no contract nouns and no step modules: what a plan can't be compiled over."""
    return _sorted(_apply(documents, Context(tuple(stages))))


def _apply(documents: Sequence[Document], context: Context) -> list[LintFinding]:
    each = [finding for document in documents for rule in EACH for finding in rule(document, context)]
    together = [finding for across in TOGETHER for finding in across(documents, context)]
    return [*each, *together]


def _sorted(findings: list[LintFinding]) -> list[LintFinding]:
    return sorted(findings, key=lambda finding: (finding.file, finding.line, finding.rule))

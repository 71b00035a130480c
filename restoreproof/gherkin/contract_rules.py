"""Rules of the linter for a contract and its ``controls.toml``: what they ask for that no drill can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from restoreproof.assets.base import order_problems
from restoreproof.checks.sinks import sink_problems
from restoreproof.contract import Contract
from restoreproof.contract.controls import stray_globs
from restoreproof.contract.problems import Problem
from restoreproof.gherkin.compiler import expand
from restoreproof.gherkin.document import feature_files, parse
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.plain_tests import plain_checks
from restoreproof.plan import CATALOGUE_CHECK, stage_check


def check_ids(features: Path, contract: Contract) -> frozenset[str]:
    """Return the id of every check that a drill can have: of features, of plain tests, and the drill's own.

    Raises:
        FeatureError: a feature or a plain test can't be read.
    """
    documents = [parse(path, features) for path in feature_files(features)]
    drilled = (document for document in documents if not document.of_source)
    scenarios = (check for document in drilled for check in expand(document, contract.order))
    planned = (check.id for check in (*scenarios, *plain_checks(features, contract.order)))
    return frozenset({*planned, CATALOGUE_CHECK, *map(stage_check, contract.order)})


def contract_findings(contract: Contract, ids: Collection[str]) -> list[LintFinding]:
    """Return what is wrong with the contract and its ``controls.toml`` beyond their form, by file and line.

    Args:
        contract: the contract, loaded.
        ids: the ids of every check of the stack, as ``check_ids`` gives them.

    Raises:
        ContractError: ``controls.toml`` can't be read, or an asset's block is malformed.
    """
    rules: dict[str, Callable[[], Iterator[Problem]]] = {
        "asset-order": lambda: order_problems(contract),
        "sink": lambda: sink_problems(contract),
        "controls": lambda: stray_globs(contract, ids),
    }
    findings = [_finding(rule, problem) for rule, problems in rules.items() for problem in problems()]
    return sorted(findings, key=lambda finding: (finding.file, finding.line, finding.message))


def _finding(rule: str, problem: Problem) -> LintFinding:
    where = problem.where
    suggestion = f"did you mean {problem.suggestion!r}?" if problem.suggestion else None
    return LintFinding(where.file, where.line or 1, rule, problem.message, suggestion)

"""The linter as a drill runs it, confined: ``python -m restoreproof.gherkin.lint_run``.

It knows the phrases of ``steps/`` by importing them, which the process that holds the key does not do.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from restoreproof.contract import nouns
from restoreproof.contract.loader import parse
from restoreproof.errors import RestoreproofError
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.linter import lint
from restoreproof.gherkin.support_code import import_support_code, step_modules

LEFT_OUT = frozenset({"unused-phrase", "unbound-noun"})
"""Findings that cost no restore: what a drill does not ask is named in its record."""


def findings_of(contract_copy: Path, contract: Path, features: Path) -> list[LintFinding]:
    """Return what keeps a drill over ``features`` from asserting what they say.

    Args:
        contract_copy: the file to read the contract from.
        contract: the file that messages name.
        features: the directory of features, with the code beside it on the module path.
    """
    try:
        loaded = parse(contract_copy.read_text(encoding="utf-8"), contract)
        import_support_code(features.parent)
        found = lint(features, loaded.order, nouns(loaded), step_modules(features.parent))
    except RestoreproofError as error:
        file, line = (error.where.file, error.where.line) if error.where else (str(features), None)
        return [LintFinding(file, line or 1, "code", error.message, error.hint)]
    return [finding for finding in found if finding.rule not in LEFT_OUT]


def main(arguments: list[str]) -> int:
    """Write the findings as JSON to the descriptor that the last argument names."""
    *paths, descriptor = arguments
    contract_copy, contract, features = map(Path, paths)
    findings = [str(finding) for finding in findings_of(contract_copy, contract, features)]
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as told:
        json.dump(findings, told)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

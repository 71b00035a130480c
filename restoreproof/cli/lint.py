"""What keeps features from asserting anything, before a drill."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path

import typer

from restoreproof.cli.app import (
    ContractArgument,
    Features,
    Json,
    app,
    out,
    say,
)
from restoreproof.errors import ExitCode, UsageError


@app.command()
def lint(
    contract: ContractArgument = Path("stack.yaml"),
    features: Features = None,
    json: Json = False,
) -> None:
    """Refuse features that could pass without asserting anything, and a compose file of another stack."""
    from restoreproof.contract import load, nouns
    from restoreproof.contract.references import bindings
    from restoreproof.gherkin.contract_rules import check_ids, contract_findings
    from restoreproof.gherkin.document import feature_files
    from restoreproof.gherkin.feature_directory import locate
    from restoreproof.gherkin.linter import lint as lint_features
    from restoreproof.gherkin.plain_tests import plain_test_files
    from restoreproof.gherkin.support_code import import_support_code, step_modules
    from restoreproof.runtimes.registry import driver, names

    loaded = load(contract)
    located = locate(contract, [features] if features else [], Path.cwd())
    whole = located.features
    if not feature_files(whole) and not plain_test_files(whole):
        raise UsageError(f"no .feature file below {whole}", hint="point --features at the directory")
    root = whole.parent
    sys.path.insert(0, str(root))
    import_support_code(root)
    own = step_modules(root)
    of_features = lint_features(whole, loaded.order, nouns(loaded), own, bindings(loaded))
    # Which checks there are is known only once the features can be read.
    of_contract = [] if of_features else contract_findings(loaded, check_ids(whole, loaded))
    findings = [str(finding) for finding in (*of_features, *of_contract)]
    findings += [
        f"{problem.where}: {problem} [{name}]"
        for name in names()
        for problem in driver(name).objections(loaded)
    ]
    if json:
        out.print_json(jsonlib.dumps(findings))
    for finding in () if json else findings:
        say(finding)
    if findings:
        raise typer.Exit(int(ExitCode.COULD_NOT_START))
    if not json:
        say(f"{whole}: nothing to object to")

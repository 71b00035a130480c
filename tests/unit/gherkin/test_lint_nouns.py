"""Nouns and features speak of the same things: nothing unnamed, nothing unheard of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from restoreproof.contract import nouns
from restoreproof.contract.loader import parse
from restoreproof.contract.references import bindings
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.linter import lint
from restoreproof.gherkin.support_code import step_modules

ROOT = Path(__file__).parents[3]
STACK = ROOT / "compose" / "wipe" / "stack.yaml"


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """A copy of the reference stack's features, to take something out of."""
    return Path(shutil.copytree(ROOT / "features", tmp_path / "features"))


def found(features: Path, text: str) -> list[LintFinding]:
    """What is found in features held against a contract."""
    contract = parse(text, STACK)
    return lint(features, contract.order, nouns(contract), step_modules(ROOT), bindings(contract))


def without(file: Path, title: str) -> None:
    """Take the scenario of that title out of the file."""
    text = file.read_text()
    shortened = re.sub(rf"\n(?:  @[^\n]*\n)?  Scenario: {re.escape(title)}\n(?:    [^\n]*\n)*", "\n", text)
    assert shortened != text
    file.write_text(shortened)


def test_the_reference_stack_and_its_features_speak_of_the_same_things(features: Path) -> None:
    assert found(features, STACK.read_text()) == []


def test_a_check_rests_on_a_service_or_asset_that_the_contract_has(features: Path) -> None:
    feature = features / "backup" / "content.feature"
    text = feature.read_text()
    feature.write_text(text.replace("@rests-on:collation:database", "@rests-on:collation:databse"))
    (one,) = found(features, STACK.read_text())
    assert (one.rule, one.suggestion) == ("rests-on", "did you mean 'database'?")
    assert "no service or asset 'databse'" in one.message
    feature.write_text(text.replace("@rests-on:collation:database", "@rests-on:engine:postgres"))
    assert found(features, STACK.read_text()) == []


def added(block: str, noun: str) -> tuple[str, int]:
    """The reference contract with one more noun in a block, and the line on which that stands."""
    text = STACK.read_text()
    if f"\n{block}: {{" in text:
        changed = re.sub(rf"(?m)^({block}: \{{.*)\}}$", rf"\1, {noun}}}", text)
    else:
        changed = text.replace(f"\n{block}:\n", f"\n{block}:\n  {noun}\n")
    assert changed != text
    return changed, next(at for at, line in enumerate(changed.splitlines(), 1) if noun in line)


@pytest.mark.parametrize(
    ("block", "noun", "kind"),
    [
        ("datasets", "lost letters: {database: database, sql: select 1}", "dataset"),
        ("endpoints", "lost letters: {path: /lost}", "endpoint"),
        ("windows", "lost letters: 9 days", "window"),
        ("signatures", "lost letters: {dataset: certificates, column: signature, key: key_id}", "signature"),
    ],
)
def test_a_noun_that_no_feature_speaks_of_is_found_in_the_contract(
    features: Path, block: str, noun: str, kind: str
) -> None:
    text, line = added(block, noun)
    (unbound,) = found(features, text)
    assert (unbound.rule, unbound.file, unbound.line) == ("unbound-noun", str(STACK), line)
    assert f"the {kind} 'lost letters'" in unbound.message
    assert unbound.suggestion


def test_a_dataset_is_spoken_of_through_the_endpoint_that_uses_it(features: Path) -> None:
    without(features / "restore" / "smoke.feature", "Billing reports download")
    unbound = {one.message for one in found(features, STACK.read_text())}
    assert unbound == {
        "no feature speaks of the endpoint 'billing report'",
        "no feature speaks of the dataset 'billing reports'",
    }


def test_queues_are_spoken_of_together_by_their_review(features: Path) -> None:
    without(
        features / "consistency" / "queues.feature",
        "Jobs and dead letters are reviewed before workers are scaled up",
    )
    unbound = {one.message for one in found(features, STACK.read_text())}
    assert unbound == {f"no feature speaks of the queue {name!r}" for name in ("jobs", "dead letters")}


def test_a_stage_at_which_nothing_is_looked_at_is_found(features: Path) -> None:
    for file in features.rglob("*.feature"):
        file.write_text(file.read_text().replace("@at:api", "@at:workers-held"))
    (unbound,) = found(features, STACK.read_text())
    assert "the stage 'api'" in unbound.message


@pytest.mark.parametrize(
    ("said", "instead", "message", "suggestion"),
    [
        ('"recent proofs" is read', '"recent proof" is read', "no dataset 'recent proof'", "'recent proofs'"),
        ('"proofs" bucket', '"proof" bucket', "no bucket 'proof'", "'proofs'"),
        # A dataset of that name exists: the phrase wants a bucket.
        ('"proofs" bucket', '"recent proofs" bucket', "no bucket 'recent proofs'", "'proofs'"),
    ],
)
def test_a_quoted_word_is_a_noun_of_the_kind_that_its_phrase_takes(
    features: Path, said: str, instead: str, message: str, suggestion: str
) -> None:
    file = features / "consistency" / "proofs.feature"
    text = file.read_text()
    line = next(at for at, one in enumerate(text.splitlines(), 1) if said in one)
    file.write_text(text.replace(said, instead))
    unknown = [one for one in found(features, STACK.read_text()) if one.rule == "unknown-noun"]
    assert [(one.file, one.line) for one in unknown] == [("consistency/proofs.feature", line)]
    assert message in unknown[0].message
    assert suggestion in (unknown[0].suggestion or "")


def test_an_endpoint_is_asked_for_by_an_endpoints_name(features: Path) -> None:
    """The sentence does not say what kind of thing it asks for; the phrase does."""
    file = features / "restore" / "smoke.feature"
    file.write_text(file.read_text().replace('"readiness" is asked for', '"recent proofs" is asked for'))
    assert "no endpoint 'recent proofs'" in " ".join(str(one) for one in found(features, STACK.read_text()))

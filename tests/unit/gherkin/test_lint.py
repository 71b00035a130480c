"""The linter: each rule once where it speaks and, in the clean feature, once where it is silent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.gherkin.linter import lint

Write = Callable[[str, str], Path]
STAGES = ("database", "objects")

CLEAN = """\
@at:database
Feature: Clean
  Scenario Outline: Read <n>
    Given a restored stack
    When the "<n>" dataset is read
      | <n> |
    Then it holds

    Examples:
      | n |
      | 1 |
"""


def test_a_clean_feature_has_no_findings(feature: Write, project: Path) -> None:
    feature("x.feature", CLEAN)
    assert lint(project / "features", STAGES) == []


def scenario(body: str, head: str = "@at:database\nFeature: F\n") -> str:
    """A feature with one scenario of which ``body`` is told."""
    return head + body


@pytest.mark.parametrize(
    ("text", "found_as"),
    [
        (
            scenario("  Scenario: S\n    Then a\n  Scenario: S\n    Then b\n"),
            ("duplicate-scenario", 5, "lines 3 and 5"),
        ),
        (
            scenario("  Scenario Outline: S\n    Then <v>\n    Examples:\n      | v |\n"),
            ("empty-examples", 5, "have no rows"),
        ),
        (scenario("  Scenario Outline: S\n    Then v\n"), ("no-examples", 3, "no Examples")),
        (
            scenario("  Scenario Outline: S\n    Then <vv>\n    Examples:\n      | v |\n      | 1 |\n"),
            ("unbound-placeholder", 4, "<vv> is bound by no column"),
        ),
        (scenario("  Scenario: S\n    Then <v>\n"), ("unbound-placeholder", 4, "<v>")),
        (
            scenario(
                "  Scenario Outline: S\n    Then <v>\n    Examples:\n      | v | w |\n      | 1 | 2 |\n"
            ),
            ("unused-column", 5, "'w'"),
        ),
        (scenario("  Scenario: S\n    Given a\n    When b\n"), ("no-then", 3, "could not fail")),
        (scenario("  Scenario: S\n    When a\n    And b\n"), ("no-then", 3, "could not fail")),
        ("Feature: F\n  Scenario: S\n    Then a\n", ("stage", 2, "bound to no stage")),
        ("@at:databse\nFeature: F\n  Scenario: S\n    Then a\n", ("stage", 1, "unknown stage 'databse'")),
        ("@at:database @at:objects\nFeature: F\n  Scenario: S\n    Then a\n", ("stage", 3, "one stage")),
        (scenario("  @advisry\n  Scenario: S\n    Then a\n"), ("unknown-tag", 3, "@advisry")),
        (scenario("  @severity:hot\n  Scenario: S\n    Then a\n"), ("severity", 3, "hot")),
        (scenario("  @rests-on:weather\n  Scenario: S\n    Then a\n"), ("rests-on", 3, "'weather'")),
        (scenario("  @rests-on:weather:db\n  Scenario: S\n    Then a\n"), ("rests-on", 3, "'weather'")),
        (
            scenario("  @rests-on:cpus:db\n  Scenario: S\n    Then a\n"),
            ("rests-on", 3, "cpus is one for all"),
        ),
        (scenario("  @rests-on:engine:\n  Scenario: S\n    Then a\n"), ("rests-on", 3, "no service")),
        (scenario("  @owner\n  Scenario: S\n    Then a\n"), ("tag-value", 3, "needs a value")),
        (scenario("  Scenario:\n    Then a\n"), ("unnamed", 3, "no name")),
        ("@at:database\nFeature: F\n", ("empty-feature", 2, "asserts nothing")),
        ("@at:database\nFeature: F\n  Scenario: S\n    Then a\n  bogus\n", ("syntax", 5, "not Gherkin")),
        ("", ("syntax", 1, "no Feature")),
    ],
)
def test_what_is_refused(feature: Write, project: Path, text: str, found_as: tuple[str, int, str]) -> None:
    """By file and line, under the rule's name."""
    rule, line, said = found_as
    feature("x.feature", text)
    findings = lint(project / "features", STAGES)
    assert (rule, line) in [(found.rule, found.line) for found in findings], findings
    assert any(said in str(found) and found.file == "x.feature" for found in findings if found.rule == rule)


def test_a_duplicate_id_names_both_places(feature: Write, project: Path) -> None:
    feature("a/x.feature", "@at:database\nFeature: F\n  Scenario: The one\n    Then a\n")
    feature("a/y.feature", "@at:database\nFeature: G\n  @id:the-one\n  Scenario: Other\n    Then a\n")
    (found,) = lint(project / "features", STAGES)
    assert (found.rule, found.related_file, found.related_line) == ("duplicate-id", "a/x.feature", 3)
    assert "a/x.feature:3 and a/y.feature:4" in found.message


def test_two_rows_alike_are_one_id(feature: Write, project: Path) -> None:
    feature("x.feature", CLEAN + "      | 1 |\n")
    assert [found.rule for found in lint(project / "features", STAGES)] == ["duplicate-id"]


NOUNS = {"bucket": ["proofs"], "dataset": ["recent proofs"]}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('each of the "recent proofs" is in the "proofs" bucket', None),
        ('each of the "recent proof" is in the "proofs" bucket', "did you mean 'recent proofs'?"),
        ('each of the "recent proofs" is in the "recent proofs" bucket', "no bucket 'recent proofs'"),
    ],
)
def test_quoted_words_are_nouns_of_the_contract(
    feature: Write, project: Path, step: str, said: str | None
) -> None:
    feature("x.feature", f"@at:database\nFeature: F\n  Scenario: S\n    Then {step}\n")
    findings = lint(project / "features", STAGES, NOUNS)
    assert [said in str(found) for found in findings if said] == ([True] if said else [])
    assert bool(findings) == bool(said)


def test_a_step_that_no_phrase_matches_is_found(
    feature: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the values of a row in it; and a Given does not answer for a Then."""
    (project / "phrases_for_lint.py").write_text(
        "from pytest_bdd import given, then, parsers\n"
        '@given("a restored stack")\ndef _(): pass\n'
        '@then(parsers.parse("there are {n:d} rows"))\ndef _(n): pass\n'
    )
    monkeypatch.syspath_prepend(project)
    feature(
        "x.feature",
        "@at:database\nFeature: F\n  Scenario Outline: S\n    Given a restored stack\n"
        "    Then there are <n> rows\n"
        "    And a restored stack\n    Examples:\n      | n |\n      | 3 |\n      | x |\n",
    )
    findings = lint(project / "features", STAGES, None, ("phrases_for_lint",))
    sys.modules.pop("phrases_for_lint")
    assert [(found.rule, found.line) for found in findings] == [("unknown-step", 5), ("unknown-step", 6)]
    assert "there are x rows" in findings[0].message

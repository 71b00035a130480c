"""What the linter asks of phrases: one for each step, none of one's own unsaid, each in its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.linter import lint
from restoreproof.gherkin.vocabulary import Vocabulary

Write = Callable[[str, str], Path]
OWN = "own_phrases_for_lint"
HEAD = "@at:database\nFeature: F\n  Scenario: S\n"


@pytest.fixture
def own(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Write the stack's own step module."""
    monkeypatch.syspath_prepend(project)

    def write(text: str) -> None:
        imports = "from pytest_bdd import given, parsers, then, when\n"
        (project / f"{OWN}.py").write_text(imports + text)

    yield write
    sys.modules.pop(OWN, None)
    Vocabulary.of.cache_clear()


def found(project: Path, *modules: str) -> list[LintFinding]:
    """What is found in the project's features, held against these modules."""
    return lint(project / "features", ("database",), None, modules)


def test_two_phrases_that_say_one_line_are_both_named(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    own(
        '@then(parsers.parse("there are {n:d} rows"))\ndef counted(n): pass\n'
        '@then(parsers.parse("there are {what}"))\ndef there(what): pass\n'
    )
    feature("x.feature", HEAD + "    Then there are 3 rows\n    And there are leaves\n")
    (ambiguous,) = found(project, OWN)
    assert (ambiguous.rule, ambiguous.file, ambiguous.line) == ("ambiguous-step", "x.feature", 4)
    assert f"'there are {{n:d}} rows' ({OWN}.py:2)" in ambiguous.message
    assert f"'there are {{what}}' ({OWN}.py:4)" in ambiguous.message
    assert ambiguous.suggestion


def test_a_phrase_that_says_what_a_shipped_one_says_is_ambiguous(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    own('@when("a canary job is queued", target_fixture="survey")\ndef mine(drill): pass\n')
    feature("x.feature", HEAD + "    When a canary job is queued\n    Then a worker completes it\n")
    (ambiguous,) = found(project, OWN)
    assert ambiguous.rule == "ambiguous-step"
    assert "restoreproof/checks/canary.py:" in ambiguous.message


def test_a_phrase_of_another_keyword_or_imported_twice_is_no_second_one(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    own(
        "from restoreproof.checks.canary import *\n"
        "from restoreproof.checks import canary\n"
        '@given("a worker completes it")\ndef given_it(): pass\n'
    )
    text = (
        "    Given a worker completes it\n    When a canary job is queued\n    Then a worker completes it\n"
    )
    feature("x.feature", HEAD + text)
    assert found(project, OWN) == []


def test_a_phrase_of_ones_own_that_no_feature_says_is_found_where_it_is_written(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    own('@then("it holds")\ndef holds(): pass\n\n@then("it holdz")\ndef lost(): pass\n')
    feature("x.feature", HEAD + "    Then it holds\n")
    (unused,) = found(project, OWN)
    assert (unused.rule, unused.file, unused.line) == ("unused-phrase", f"{OWN}.py", 5)
    assert "did you mean 'it holds'?" in str(unused)


def test_a_phrase_said_by_a_row_of_an_outline_is_used(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    own('@then("it holds")\ndef holds(): pass\n@then("it falls")\ndef falls(): pass\n')
    outline = "@at:database\nFeature: F\n  Scenario Outline: <x>\n    Then it <x>\n"
    feature("x.feature", outline + "    Examples:\n      | x |\n      | holds |\n      | falls |\n")
    assert found(project, OWN) == []


def test_a_stack_need_not_use_every_shipped_phrase(feature: Write, project: Path) -> None:
    feature("x.feature", HEAD + "    When a canary job is queued\n    Then a worker completes it\n")
    assert found(project) == []


@pytest.mark.parametrize(
    ("steps", "line", "said"),
    [
        # No such method: it would break when it runs.
        ("    When a canary job is queued\n    Then its hash chain verifies\n", 5, "a worker completes it"),
        # Both surveys have a method clean(): it would pass, and say another thing.
        (
            '    When the verifier of the stack examines the "audit log"\n'
            "    Then nothing forbidden is found, by a search that finds each kind of it\n",
            5,
            "it reports no break",
        ),
        # The last When is the one that counts.
        (
            '    When the chain of "audit log" is recomputed\n    Then its hash chain verifies\n'
            "    When a canary job is queued\n    Then its sequence is continuous\n",
            7,
            "a worker completes it",
        ),
    ],
)
def test_a_then_that_its_when_cannot_answer_is_refused_with_what_may_stand_there(
    feature: Write, project: Path, steps: str, line: int, said: str
) -> None:
    feature("x.feature", HEAD + steps)
    (refused,) = found(project)
    assert (refused.rule, refused.line, refused.related_line) == ("unanswerable", line, line - 1)
    assert said in (refused.suggestion or "")


def test_a_then_before_any_when_has_seen_nothing(feature: Write, project: Path) -> None:
    feature("x.feature", HEAD + "    Then a worker completes it\n    When a canary job is queued\n")
    (refused,) = found(project)
    assert (refused.rule, refused.line) == ("nothing-seen", 4)


def test_a_when_of_the_background_counts(feature: Write, project: Path) -> None:
    background = "@at:database\nFeature: F\n  Background:\n    When a canary job is queued\n"
    feature("x.feature", background + "  Scenario: S\n    Then a worker completes it\n")
    assert found(project) == []


def test_step_functions_of_ones_own_are_held_to_the_types_that_they_declare(
    feature: Write, project: Path, own: Callable[[str], None]
) -> None:
    """What a When returns and of what a Then speaks are its annotations; one without is believed."""
    own(
        "from restoreproof.checks.canary import CanaryJob\n"
        "from restoreproof.checks.chains import ChainSurvey\n"
        '@when("own eyes look", target_fixture="survey")\ndef look(drill): return drill.look(object)\n'
        '@then("it is as it was")\n'
        "def same(drill, survey: CanaryJob): drill.observe(survey.completed())\n"
        '@then("it is another")\n'
        "def other(drill, survey: ChainSurvey | int): drill.observe(survey.unbroken())\n"
    )
    feature(
        "x.feature",
        HEAD + "    When a canary job is queued\n    Then it is as it was\n    And it is another\n"
        "    When own eyes look\n    Then it is another\n",
    )
    assert [(one.rule, one.line) for one in found(project, OWN)] == [("unanswerable", 6)]


@pytest.mark.parametrize(("text", "line"), [("def (:\n", 2), ("import no_such_module\n", 2)])
def test_a_step_module_that_cannot_be_imported_is_named(
    feature: Write, project: Path, own: Callable[[str], None], text: str, line: int
) -> None:
    own(text)
    feature("x.feature", HEAD + "    Then it holds\n")
    with pytest.raises(FeatureError, match="can't be imported") as refused:
        found(project, OWN)
    assert refused.value.where == Location(f"{OWN}.py", line)
    assert refused.value.hint


def test_every_shipped_then_may_stand_after_some_shipped_when() -> None:
    phrases = Vocabulary.of(()).phrases
    seen = [phrase.sees for phrase in phrases if phrase.leaves_survey]
    assert None not in seen, "a survey that does not declare what it returns can't be held to anything"
    for phrase in phrases:
        if phrase.takes_survey:
            assert phrase.stated_of, f"{phrase.text!r} does not say of what it speaks"
            assert any(kind and phrase.can_follow(kind) for kind in seen), phrase.text

"""What a check states of an asset: by its phrase, by its tag, and never by a guess."""

from __future__ import annotations

import pytest

from restoreproof.assets.registry import asset_kinds
from restoreproof.checks.registry import installed
from restoreproof.gherkin.statements import Statement, statements_of, unstated
from restoreproof.plan import AssetStatements, PlannedCheck, PlannedStep

ROWS = "Then every table holds the rows it held"
KINDS = {"orders": "postgres", "files": "objects", "environment": "secrets"}
COMPARED = 'the restored "orders" is compared with the catalogue'


def check(*steps: str, tags: tuple[str, ...] = (), mandatory: bool = True) -> PlannedCheck:
    """A scenario of ``When …`` and ``Then …`` lines."""
    kinds = {"When": "Action", "Then": "Outcome"}
    planned = tuple(
        PlannedStep(word, text, number, kinds[word])
        for number, (word, _, text) in enumerate(step.partition(" ") for step in steps)
    )
    return PlannedCheck("a/b", "B", "A", "a.feature", 1, "rows", mandatory, tags, planned)


def test_every_statement_that_a_kind_rests_on_is_made_by_an_installed_check() -> None:
    made = {phrase.states for registered in installed() for phrase in registered.kind.phrases}
    for name, kind in asset_kinds().items():
        assert kind.rests_on, f"{name} rests on nothing, so nothing would have to be asked of it"
        assert set(kind.rests_on) <= made, name


def test_every_kind_that_a_check_is_about_is_one_and_rests_on_what_is_stated() -> None:
    kinds = asset_kinds()
    for registered in installed():
        if about := registered.kind.about:
            stated = {phrase.states for phrase in registered.kind.phrases} - {None}
            assert stated <= set(kinds[about].rests_on)


def test_a_then_speaks_of_the_asset_that_its_when_names() -> None:
    scenario = check(f"When {COMPARED}", ROWS)
    assert list(statements_of(scenario, KINDS)) == [Statement("orders", "rows")]


def test_where_no_asset_is_named_it_is_the_only_one_of_the_kind() -> None:
    scenario = check(
        "When the restored environment is read", "Then every value is the one that was backed up"
    )
    assert list(statements_of(scenario, KINDS)) == [Statement("environment", "values")]
    assert list(statements_of(scenario, {**KINDS, "other": "secrets"})) == []


@pytest.mark.parametrize(
    "steps",
    [
        (f"When {COMPARED}", "Then there is none among them"),
        ("When the restored environment is read", ROWS),
        (ROWS,),
        (f"When {COMPARED}", "When the restored queues are reviewed", ROWS),
    ],
)  # fmt: skip
def test_what_does_not_follow_its_look_states_nothing(steps: tuple[str, ...]) -> None:
    assert list(statements_of(check(*steps), KINDS)) == []


def test_a_look_of_ones_own_tells_the_asset_by_its_quoted_words() -> None:
    scenario = check('When my own look at "orders" and "nothing"', ROWS)
    assert list(statements_of(scenario, KINDS)) == [Statement("orders", "rows")]


def test_a_tag_states_what_a_step_of_ones_own_sees() -> None:
    scenario = check("Then it is as it was", tags=("states:files/object-lock", "severity:critical"))
    required = (AssetStatements("files", "objects", ("content", "object lock")),)
    assert unstated([scenario], required) == (AssetStatements("files", "objects", ("content",)),)


def test_an_advisory_check_states_nothing_that_counts() -> None:
    required = (AssetStatements("orders", "postgres", ("rows",)),)
    steps = (f"When {COMPARED}", ROWS)
    assert unstated([check(*steps)], required) == ()
    assert unstated([check(*steps, mandatory=False)], required) == required

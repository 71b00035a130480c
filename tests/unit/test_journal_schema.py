"""The published schema of a journal's lines is the code's, and accepted lines fit it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from restoreproof.events.schema import journal_schema
from tests.stories import healthy, plan_of

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs" / "journal.schema.json").read_text())


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(PUBLISHED)
    return Draft202012Validator(PUBLISHED)


def test_the_published_schema_is_the_codes() -> None:
    assert journal_schema() == PUBLISHED, "run `python -m restoreproof.events > docs/journal.schema.json`"


def test_every_line_of_a_drill_fits_it(validator: Draft202012Validator) -> None:
    for line in healthy(plan_of()).events:
        fields = {name: getattr(line, name) for name in ("seq", "source", "type", "at", "mono")}
        fields["data"] = line.event.data()
        assert [error.message for error in validator.iter_errors(fields)] == []


@pytest.mark.parametrize(
    "spoilt",
    [{"type": "invented"}, {"source": "outer"}, {"data": {}}, {"data": {"text": "x" * 20_001}}, {"more": 1}],
)
def test_what_is_no_line_does_not_fit_it(validator: Draft202012Validator, spoilt: dict[str, object]) -> None:
    note = {"seq": 1, "source": "inner", "type": "note", "at": "x", "mono": 1.0, "data": {"text": "x"}}
    assert validator.is_valid(note)
    assert not validator.is_valid(note | spoilt)

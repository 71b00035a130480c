"""The published schema of a record is the code's, and what the code writes fits it."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.record.schema import record_schema
from tests.stories import closed, healthy, opened, plan_of, planned
from tests.unit.record.told import everything_told, governed

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads((DOCS / "record.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def errors(validator: Draft202012Validator, record: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(record)]


def test_the_published_schema_is_the_codes() -> None:
    published = json.loads((DOCS / "record.schema.json").read_text())
    assert published == record_schema(), "run `python -m restoreproof.record > docs/record.schema.json`"


def test_every_kind_of_record_fits_it(validator: Draft202012Validator, plan: Plan) -> None:
    failed = plan_of(planned("c/x"))
    records = [
        reduce(plan, healthy(plan).events),
        reduce(plan, []),
        reduce(governed(), everything_told(governed()).events),
        reduce(failed, closed(opened(failed).check("c/x", "FAILED", "failed", findings=["one"])).events),
        reduce(
            plan, healthy(plan).tell("set-contradiction", artifact="a", expected="b", observed="c").events
        ),
    ]
    for record in records:
        assert errors(validator, json.loads(record.text())) == []


def test_what_is_no_record_does_not_fit_it(validator: Draft202012Validator, plan: Plan) -> None:
    value = json.loads(reduce(plan, healthy(plan).events).text())
    assert errors(validator, value | {"verdict": "SPLENDID"})
    assert errors(validator, value | {"invented": 1})
    assert errors(validator, value | {"schema": "restoreproof/record/v2"})
    assert errors(validator, {key: given for key, given in value.items() if key != "unknown"})


def test_the_page_about_the_record_explains_every_field() -> None:
    text = (DOCS / "record.md").read_text()
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    explained = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert explained == {field.name for field in fields(Record)}

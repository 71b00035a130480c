"""What a provider kept, and a catalogue that was written again, are told in the record and on its page."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.plan import Plan
from restoreproof.record.backup_set import ReferenceRecord, ReissuedFromRecord
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.identity import identity
from restoreproof.views.page.model import Facts
from tests.stories import Story, healthy

KEPT: dict[str, Any] = {
    "references": [
        {"asset": "database", "reference": "arn:aws:rds:snap-1", "engine": "18.4", "bytes": 5_000_000},
        {"asset": "objects", "reference": "in-place", "engine": None, "bytes": None},
    ],
    "reissued_from": {"set_id": "first", "manifest_sha256": "7" * 64},
}


@pytest.fixture
def managed(plan: Plan) -> Record:
    """A drill of an adopted set, which says so when it is verified."""
    story = Story()
    for event in healthy(plan).events:
        more = {"drill-opened": {"catalogue_sha256": "8" * 64}, "set-verified": KEPT}.get(event.type, {})
        story.tell(event.type, **{**event.event.data(), **more})
    return reduce(plan, story.events)


def test_the_record_holds_each_reference_and_where_the_catalogue_came_from(managed: Record) -> None:
    assert managed.backup_set.references == (
        ReferenceRecord("database", "arn:aws:rds:snap-1", "18.4", 5_000_000),
        ReferenceRecord("objects", "in-place"),
    )
    assert managed.backup_set.catalogue
    assert managed.backup_set.catalogue.reissued_from == ReissuedFromRecord("first", "7" * 64)
    assert Record.from_json(managed.as_json()) == managed


def rows_of(record: Record) -> dict[str, str]:
    """What both the page and the PDF draw of the backup."""
    [facts] = identity(record).blocks
    assert isinstance(facts, Facts)
    return {name: "".join(run.text for run in line) for name, line in facts.rows}


def test_the_page_and_the_pdf_say_so(managed: Record) -> None:
    rows = rows_of(managed)
    assert "database: arn:aws:rds:snap-1, engine 18.4" in rows["Kept by a provider"]
    assert "objects: in-place" in rows["Kept by a provider"]
    assert "written again from that of the set first, manifest 777" in rows["Catalogue"]


def test_a_set_of_files_has_no_such_row(plan: Plan) -> None:
    record = reduce(plan, healthy(plan).events)
    assert record.backup_set.references == ()
    assert "Kept by a provider" not in rows_of(record)

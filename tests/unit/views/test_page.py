"""``index.html``: what a reviewer asks, in that order, readable without colour, script or network."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from restoreproof.outcome import Verdict
from restoreproof.plan import Plan, Waiver
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.view import page
from tests.stories import closed, healthy, opened, plan_of, planned


class Outline(HTMLParser):
    """Tags with their attributes, in order, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def every(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of each element of that name."""
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def record(plan: Plan) -> Record:
    """Of a healthy drill."""
    return reduce(plan, healthy(plan).events)


def test_the_page_fetches_nothing_and_needs_no_script(record: Record) -> None:
    html = page(record)
    assert "default-src 'none'" in html
    assert not any(word in html for word in ("src=", "<script", "@import", "url(", "javascript:"))
    for link in Outline(html).every("a"):
        assert re.fullmatch(r"#[a-z-]+|[a-z-]+\.[a-z]+", link["href"] or ""), link


def test_every_link_within_the_page_leads_somewhere(record: Record) -> None:
    outline = Outline(page(record))
    names = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(names) == len(set(names))
    for link in outline.every("a"):
        target = link["href"] or ""
        assert not target.startswith("#") or target[1:] in names, target


def test_the_page_says_it_in_the_order_a_reviewer_asks(record: Record) -> None:
    html = page(record)
    headings = [
        "VERIFIED",
        "Which backup",
        "Did it come back",
        "How long",
        "does not show",
        "waivers",
        "Safety",
    ]
    headings += ["Would it have noticed", "Controls", "Check it yourself", "Every check"]
    places = [html.index(heading, html.index("<body>")) for heading in headings]
    assert places == sorted(places)
    assert "(3 of 3 examined)" in html


def test_a_screen_reader_finds_its_way(record: Record) -> None:
    """One language, one main, one h1, no level of heading left out, each header cell with its scope."""
    outline = Outline(page(record))
    assert outline.every("html") == [{"lang": "en"}]
    assert len(outline.every("main")) == len(outline.every("h1")) == len(outline.every("header")) == 1
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(cell.get("scope") in ("col", "row", "rowgroup") for cell in outline.every("th"))
    (drawing,) = outline.every("svg")
    assert drawing["role"] == "img"
    assert "Stages in their enforced order" in outline.text


def test_a_failure_is_told_by_a_word_and_a_sign(plan: Plan) -> None:
    story = opened(plan).check("c/rows").check("c/login")
    story.check("c/objects", "FAILED", "failed", findings=["proofs/7.der is gone"], findings_total=312)
    html = page(reduce(plan, closed(story, 1).events))
    assert "✘</span> FAILED" in html
    assert "proofs/7.der is gone" in html
    assert "… 311 more" in html


def test_failures_come_first_and_what_passed_is_counted() -> None:
    plan = plan_of(planned("consistency/rows"), planned("a/one"), planned("z/two"), planned("z/three"))
    story = opened(plan).check("consistency/rows").check("a/one").check("z/two")
    html = page(reduce(plan, closed(story.check("z/three", "FAILED", "failed"), 1).events))
    first = html[: html.index('id="times"')]
    assert first.index("consistency <span") < first.index("z <span") < first.index("a <span")
    assert "1 FAILED, 1 PASSED" in first
    assert "The check z/three" in first
    assert "The check z/two" not in first
    assert "The check z/two" in html


def test_what_was_not_verified_or_never_counted_is_told_in_full() -> None:
    plan = plan_of(planned("c/x"), planned("c/y", mandatory=False))
    story = opened(plan).check("c/x", "NOT_VERIFIED", "failed").check("c/y", "FAILED", "failed")
    story.tell("override", service="postgres", name="fsync=off", why="it is thrown away")
    outline = Outline(page(reduce(plan, closed(story, 1).events)))
    limits = outline.text[outline.text.index("What this does not show") :]
    for told in (
        "NOT VERIFIED: The check c/x",
        "FAILED: The check c/y",
        "fsync=off, because it is thrown away",
    ):
        assert told in limits, told


def test_a_waiver_is_shown_with_who_gave_it_and_until_when() -> None:
    waiver = Waiver("c/x", "known since spring", "data team", "Jo Doe", "2027-01-01")
    plan = plan_of(planned("c/x"), waivers=(waiver,))
    record = reduce(plan, closed(opened(plan).check("c/x", "FAILED", "failed"), 1).events)
    text = Outline(page(record)).text
    assert record.verdict is Verdict.VERIFIED_WITH_WAIVERS
    for told in ("! WAIVED", "known since spring", "data team", "Jo Doe", "2027-01-01"):
        assert told in text, told


def test_a_key_made_by_the_drill_is_said_to_vouch_for_nothing(record: Record) -> None:
    custody = replace(record.custody, key_id="ab" * 32, self_issued=True, ledger_seq=7)
    text = Outline(page(replace(record, custody=custody))).text
    assert "self-issued" in text
    assert "entry 7" in text
    assert "restoreproof verify d1 --key drill.pub" in text


def test_what_nobody_told_is_said_to_be_unknown(record: Record) -> None:
    assert record.unknown
    text = Outline(page(record)).text
    assert "not recorded" in text
    for item in record.unknown:
        assert item.field in text
        assert item.why in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-22T16:00:00+01:00", "2026-11-22 15:00:00 UTC"),
        ("2026-11-22T16:00:00", "2026-11-22T16:00:00"),
        ("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00+01:00"),
    ],
    ids=["with a time zone", "without one", "before the calendar"],
)
def test_only_what_names_a_moment_is_shown_in_utc(record: Record, text: str, shown: str) -> None:
    assert shown in page(replace(record, backup_set=replace(record.backup_set, taken_at=text)))


@pytest.mark.parametrize("word", ["complies", "compliant", "compliance"])
def test_no_page_claims_more_than_support(record: Record, word: str) -> None:
    assert word not in page(record).lower()

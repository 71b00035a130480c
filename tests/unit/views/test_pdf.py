"""``drill.pdf``: what the page says, archivable, accessible, and the same bytes again."""

from __future__ import annotations

import io
import json
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pypdf import PdfReader

from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.model import Words
from restoreproof.views.page.sections import compose
from restoreproof.views.pdf import drawable, pdf
from tests.stories import closed, healthy, opened, plan_of, planned


@pytest.fixture
def record(plan: Plan) -> Record:
    """Of a healthy drill."""
    return reduce(plan, healthy(plan).events)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def words(text: str) -> str:
    """``text`` without what a line break in the PDF changes."""
    return "".join(text.replace("\u200b", "").split())


def text_of(content: bytes) -> str:
    return words("".join(page.extract_text() for page in read(content).pages))


def texts(value: object) -> Iterator[str]:
    """Every text of a sheet that stands on the page as such."""
    if isinstance(value, Words):
        yield value.text
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif hasattr(value, "heading"):
        yield value.heading
        yield from texts(value.blocks)
    elif hasattr(value, "words"):
        yield from texts(value.words)
    elif hasattr(value, "rows"):
        yield from texts(value.rows)
    elif hasattr(value, "items"):
        yield from texts(value.items)


def test_it_says_what_the_page_says(record: Record) -> None:
    sheet = compose(record)
    found = text_of(pdf(record))
    parts = (sheet.particulars, sheet.rows, sheet.appendix)
    said = [sheet.verdict, sheet.headline, *(text for part in parts for text in texts(part))]
    assert len(said) > 100
    missing = [text for text in said if words(drawable(text)) not in found]
    assert missing == []


def test_the_same_record_gives_the_same_bytes_at_any_time_and_place(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pdf(record)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    time.tzset()
    try:
        assert pdf(Record.from_json(json.loads(record.text()))) == first
    finally:
        monkeypatch.undo()
        time.tzset()


def test_it_is_archivable_and_accessible(record: Record) -> None:
    """By its own declaration, and tagged; veraPDF judges it in test_pdf_standards.py."""
    reader = read(pdf(record))
    catalog = reader.root_object
    declared = catalog["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in declared
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in declared
    assert "<pdfuaid:part>1</pdfuaid:part>" in declared
    assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 - pypdf's own kind of boolean
    assert catalog["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "wipe restore drill: VERIFIED"


def test_its_date_is_the_drills(record: Record) -> None:
    metadata = read(pdf(record)).metadata
    assert metadata is not None
    assert metadata.creation_date is not None
    assert f"{metadata.creation_date:%Y-%m-%d}" == "2026-11-22"
    assert pdf(replace(record, ended_at="nonsense", opened_at=None))


HOSTILE = '#read("/etc/passwd") #image("/x.png") *bold* $x$ `raw` \\ @ref <label> // no comment [x] = heading'


def test_markup_from_a_backup_stays_text(plan: Plan) -> None:
    """Nothing that was restored is read as typst, and no file is read because of it."""
    plan = plan_of(planned("c/x", title=HOSTILE))
    story = opened(plan).check("c/x", "FAILED", "failed", observed=HOSTILE, findings=[HOSTILE])
    content = pdf(reduce(plan, closed(story.tell("note", text=HOSTILE), 1).events))
    assert words('#read("/etc/passwd")') in text_of(content)
    assert "root:" not in text_of(content)


@pytest.mark.parametrize(
    "text",
    [
        "中文 日本語 한국어",
        "🔥💾",
        "e\u0301tat",
        "עברית العربية",
        "A" * 5000,
        "\x1b[2J\x00\u202e",
        "Łódź Ωμέγα Київ",
        "\ufffe",
    ],
)
def test_a_text_that_no_font_can_draw_is_spelt_out(plan: Plan, text: str) -> None:
    plan = plan_of(planned("c/x", title=f"The check {text}"))
    story = opened(plan).check("c/x", "FAILED", "failed", observed=text, findings=[text])
    found = text_of(pdf(reduce(plan, closed(story, 1).events)))
    assert words(drawable(f"The check {text}"))[:60] in found


def test_each_character_that_is_taken_for_drawable_is(record: Record) -> None:
    """PDF/A refuses a character without a shape, so this would raise."""
    every = "".join(map(chr, range(0x20, 0x2800)))
    kept = [c for c in every if drawable(c) == c and unicodedata.category(c) != "Zs"]
    assert len(kept) > 800
    lines = ["".join(kept[at : at + 20]) for at in range(0, len(kept), 20)]
    assert pdf(replace(record, notes=tuple(lines)))


def test_a_stage_may_have_any_name(record: Record) -> None:
    """The plot is a picture with text in it, which must be drawable too."""
    stages = tuple(replace(stage, name=f"舞台 {stage.name} <&>") for stage in record.stages)
    assert pdf(replace(record, stages=stages))


def test_many_checks_with_long_names_still_make_a_document() -> None:
    checks = [planned(f"c/{n}", title=f"{n} " + "very-long-name-without-a-blank" * 6) for n in range(30)]
    plan = plan_of(*checks)
    story = opened(plan)
    for check in checks:
        story.check(check.id, "FAILED", "failed", findings=["x" * 300] * 20, findings_total=900)
    content = pdf(reduce(plan, closed(story, 1).events))
    assert "29very-long-name" in text_of(content)

"""The views: escaped, self-contained, and never at odds with the record."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from restoreproof import doors
from restoreproof.errors import EvidenceError, PluginError
from restoreproof.journal.write import JournalWriter
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.redaction.redactor import Redactor
from restoreproof.testing.plugins import register
from restoreproof.views import every_view
from restoreproof.views.allure import report
from restoreproof.views.allure.report import AllureUnavailable, without_analytics
from restoreproof.views.bundle import Bundle
from restoreproof.views.render import render
from tests.stories import Story, closed, healthy, opened, plan_of, planned

HOSTILE = "</td><script>alert(1)</script>\x1b[2J\x00\u202egnp.exe" + "A" * 5000


def write_journal(directory: Path, story: Story) -> None:
    """The journal as the outer process leaves it, through the real writer."""
    writer = JournalWriter(directory / "journal.jsonl", Redactor())
    for event in story.events:
        if event.source == "outer":
            point = {"recovery_point": datetime.now(UTC).isoformat()} if event.type == "set-verified" else {}
            writer.emit(event.event.model_copy(update=point))
        else:
            fields = {
                "seq": event.seq,
                "source": "inner",
                "type": event.type,
                "at": datetime.now(UTC).isoformat(),
                "mono": time.monotonic(),
            }
            writer.accept(json.dumps(fields | {"data": event.event.data()}).encode())
    writer.close()


@pytest.fixture
def no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which Allure can't run."""

    def unavailable(*_: object) -> Path:
        raise AllureUnavailable("Node is not installed")

    monkeypatch.setattr(report, "ensure_tool", unavailable)


@pytest.mark.usefixtures("no_node")
def test_a_view_of_another_distribution_is_written_with_the_library_s(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(bundle: Bundle) -> None:
        (bundle.directory / "acme.txt").write_text(str(bundle.record.verdict))

    register(monkeypatch, doors.VIEWS, "acme", write)
    write_journal(tmp_path, healthy(plan))
    render(tmp_path, plan)
    assert (tmp_path / "acme.txt").read_text() == "VERIFIED"
    assert (tmp_path / "index.html").is_file()


def test_a_view_that_is_no_function_is_refused_with_its_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, doors.VIEWS, "acme", "not a function")
    with pytest.raises(PluginError, match=r"'acme' in restoreproof\.views .*a-test"):
        every_view()


@pytest.mark.usefixtures("no_node")
def test_every_view_of_a_healthy_drill_is_written(tmp_path: Path, plan: Plan) -> None:
    write_journal(tmp_path, healthy(plan))
    record = render(tmp_path, plan)
    assert record.verdict == "VERIFIED"
    written = {path.name for path in tmp_path.iterdir()}
    assert {"record.json", "index.html", "timeline.svg", "junit.xml", "allure-results"} <= written
    assert Record.from_json(json.loads((tmp_path / "record.json").read_text())) == record
    assert "VERIFIED" in (tmp_path / "index.html").read_text()
    Xml.parse(tmp_path / "timeline.svg")
    report = (tmp_path / "allure-report.html").read_text()
    assert "not Allure's: Node is not installed" in report
    assert "The check c/objects" in report


@pytest.mark.usefixtures("no_node")
def test_what_comes_from_a_backup_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    """Markup, control characters, reordering marks and floods, in every place a backup can reach."""
    plan = plan_of(planned("c/x"))
    story = opened(plan).check(
        "c/x", "FAILED", "failed", observed=HOSTILE, expected=HOSTILE, findings=[HOSTILE]
    )
    story.tell("note", text=HOSTILE).tell("override", service=HOSTILE, name=HOSTILE, why=HOSTILE)
    story.tell("stage-failed", stage="objects", error=HOSTILE)
    write_journal(tmp_path, closed(story, returncode=1))
    render(tmp_path, plan)
    for name in ("index.html", "allure-report.html", "timeline.svg", "junit.xml"):
        text = (tmp_path / name).read_text()
        assert "<script" not in text, name
        assert not {"\x1b", "\x00", "\u202e"} & set(text), name
        assert "A" * 4500 not in text, name
    assert "&lt;script&gt;" in (tmp_path / "index.html").read_text()
    Xml.parse(tmp_path / "junit.xml")


@pytest.mark.usefixtures("no_node")
def test_junit_counts_what_gates_and_shows_the_rest(tmp_path: Path) -> None:
    plan = plan_of(planned("c/x"), planned("c/y"), planned("c/z", mandatory=False))
    story = opened(plan).check("c/x", "FAILED", "failed").check("c/y", "NOT_VERIFIED", "failed")
    write_journal(tmp_path, closed(story.check("c/z", "FAILED", "failed"), 1))
    render(tmp_path, plan)
    suite = Xml.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "errors": "1", "skipped": "1"}


UUID = "0b0c5a5e-0000-4000-8000-000000000001"


@pytest.mark.usefixtures("no_node")
def test_allure_results_take_their_status_from_the_record(tmp_path: Path, plan: Plan) -> None:
    """A scenario that passed without looking at anything is broken there too; an absent one is shown."""
    story = opened(plan).check("c/rows").check("c/objects", outcome=None)
    result = {"name": "x", "status": "passed", "labels": [{"name": "check", "value": "c/objects"}]}
    story.tell("allure-result", uuid=UUID, result=result)
    write_journal(tmp_path, closed(story))
    render(tmp_path, plan)
    results = [json.loads(path.read_text()) for path in (tmp_path / "allure-results").glob("*-result.json")]
    statuses = {
        label["value"]: r["status"] for r in results for label in r["labels"] if label["name"] == "check"
    }
    assert statuses == {"c/rows": "passed", "c/objects": "broken", "c/login": "broken"}


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/passwd", f"{UUID}-attachment.sh/../x", "index.html"]
)
def test_an_attachment_can_not_be_written_elsewhere(tmp_path: Path, plan: Plan, name: str) -> None:
    """Names come from the inner process."""
    story = healthy(plan)
    story.tell("allure-attachment", name=name, base64=base64.b64encode(b"x").decode())
    story.tell("allure-result", uuid=name, result={"name": "x"})
    (tmp_path / "drill").mkdir()
    write_journal(tmp_path / "drill", story)
    render(tmp_path / "drill", plan)
    assert {path.name for path in tmp_path.iterdir()} == {"drill"}
    written = [path.read_bytes() for path in (tmp_path / "drill" / "allure-results").iterdir()]
    assert b"x" not in written


def test_a_journal_with_a_forged_event_is_no_evidence(tmp_path: Path, plan: Plan) -> None:
    write_journal(tmp_path, healthy(plan))
    forged = {
        "seq": 99,
        "source": "inner",
        "type": "teardown",
        "at": "x",
        "mono": 1.0,
        "data": {"proven": True},
    }
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(json.dumps(forged) + "\n")
    with pytest.raises(EvidenceError, match="teardown"):
        render(tmp_path, plan)


def test_analytics_are_cut_out_of_allures_page() -> None:
    page_of_allure = (
        "<script>data</script>"
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
        "<script>function gtag(){}; gtag('js')</script><p>kept</p><script defer>more</script>"
    )
    kept = "<script>data</script><p>kept</p><script defer>more</script>"
    assert without_analytics(page_of_allure) == kept


def test_allure_itself_makes_one_file_that_calls_nobody(tmp_path: Path, plan: Plan) -> None:
    """The real generator, on the pinned Node; installed from the lock on the first run."""
    try:
        report.ensure_tool()
    except AllureUnavailable as reason:
        pytest.skip(f"Allure's generator can't be had here: {reason}")
    write_journal(tmp_path, healthy(plan))
    render(tmp_path, plan)
    html = (tmp_path / "allure-report.html").read_text()
    assert "window.allureReportOptions" in html
    assert "googletagmanager" not in html

"""Allure's page: opened it calls nobody, and it tells of one drill."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from restoreproof.plan import Plan
from restoreproof.record.reduce import reduce
from restoreproof.views.allure import report, view
from restoreproof.views.allure.report import AllureUnavailable
from restoreproof.views.bundle import Bundle
from tests.stories import Story, closed, healthy, opened, plan_of, planned
from tests.unit.views.test_views import write_journal


@pytest.fixture
def node() -> None:
    """A machine on which Allure runs; the generator is installed from its lock when it is not there yet."""
    try:
        report.ensure_tool()
    except AllureUnavailable as reason:
        pytest.skip(f"Allure's generator can't be had here: {reason}")


def report_of(directory: Path, plan: Plan, story: Story) -> str:
    """The page over one drill."""
    directory.mkdir(parents=True)
    write_journal(directory, story)
    bundle = Bundle(directory, plan, reduce(plan, story.events))
    view.write(bundle)
    return (directory / "allure-report.html").read_text()


@pytest.mark.usefixtures("node")
def test_the_page_is_one_file_that_names_no_host_to_fetch_from(tmp_path: Path, plan: Plan) -> None:
    """No script, style, image or font from elsewhere, and nothing of Allure's analytics."""
    html = report_of(tmp_path / "d1", plan, healthy(plan))
    assert "window.allureReportOptions" in html
    assert "googletagmanager" not in html
    assert "gtag(" not in html
    fetched = re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(https?:|//)""", html)
    assert fetched == []


@pytest.mark.usefixtures("node")
def test_a_failure_is_told_by_its_category(tmp_path: Path) -> None:
    plan = plan_of(planned("c/x"), planned("c/y"))
    story = opened(plan).check("c/x", "FAILED", "failed").check("c/y", "NOT_VERIFIED", "failed")
    html = report_of(tmp_path / "d1", plan, closed(story, 1))
    assert "FAILED: wipe from set s1" in html
    (encoded,) = re.findall(r'd\("widgets/categories.json","([^"]+)"', html)
    found = json.loads(base64.b64decode(encoded))["nodes"].values()
    shown = {node["name"].split(":")[0] for node in found if node["type"] == "category"}
    assert shown == {"FAILED", "NOT VERIFIED"}


def test_without_node_the_plain_report_says_so_and_shows_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps below steps too: what was expected, what was observed, and the findings."""

    def unavailable(*_: object) -> Path:
        raise AllureUnavailable("Node is not installed")

    monkeypatch.setattr(report, "ensure_tool", unavailable)
    plan = plan_of(planned("c/x"))
    story = opened(plan).tell("scenario-started", check="c/x")
    story.tell(
        "asked", check="c/x", kind="rows", nouns={"dataset": "proofs"}, queries={"proofs": "select 42"}
    )
    seen = {"expected": "all of them", "observed": "two are gone", "examined": 3, "of": 5}
    story.tell("observation", check="c/x", outcome="FAILED", findings=["proofs/7.der"], **seen)
    story.tell("step", check="c/x", keyword="Then", text="it holds", outcome="failed", seconds=0.5)
    story.tell("step", check="c/x", keyword="And", text="so does this", outcome="not-run", seconds=0)
    story.tell("service-log", check="c/x", service="s3", stage="objects", text="a line\n" * 300 + "disk full")
    story.tell("scenario-finished", check="c/x", status="failed", reason="gone", seconds=0.75)
    html = report_of(tmp_path / "d1", plan, closed(story, 1))
    assert "not Allure's: Node is not installed" in html
    for word in ("all of them", "two are gone", "3 of 5", "proofs/7.der", "select 42", "disk full"):
        assert word in html, word
    assert "not reached" in html


def test_a_checkout_has_the_lock_of_allures_generator() -> None:
    assert (report.LOCKED / "package-lock.json").is_file()

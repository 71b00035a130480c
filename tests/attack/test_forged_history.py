"""Earlier passes that nobody signed, and addresses that run on a click, do not get into a sealed page."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from restoreproof.verifier.formats import JOURNAL
from restoreproof.views.allure import report
from restoreproof.views.allure.report import AllureUnavailable
from tests.unit.sealing.sealed import Desk
from tests.unit.verifier.verify_cases import failed

FORGED = {
    "uuid": "9d0f6f34-6c1b-4f0e-9f6b-6b9c0f4e7c11",
    "name": "20260101T000000Z-forged",
    "timestamp": 1,
    "knownTestCaseIds": ["c/x"],
    "testResults": {},
    "metrics": {},
    "url": "javascript:alert(document.domain)",
}


@pytest.fixture
def node() -> None:
    """A machine on which Allure runs."""
    try:
        report.ensure_tool()
    except AllureUnavailable as reason:
        pytest.skip(f"Allure's generator can't be had here: {reason}")


@pytest.mark.usefixtures("node")
def test_a_forged_history_beside_the_reports_is_not_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.reports.mkdir()
    results = {
        name: {"id": name, "name": name, "fullName": name, "status": "passed", "url": FORGED["url"]}
        for name in ("c/x", "c/y", "c/z")
    }
    history = desk.reports / "allure-history.jsonl"
    history.write_text(json.dumps(FORGED | {"testResults": results}) + "\n")
    before = history.read_bytes()
    directory = desk.file("d1", rendered=True, tell=failed)
    html = (directory / "allure-report.html").read_text()
    packed = [base64.b64decode(text) for text in re.findall(r'd\("[^"]+","([A-Za-z0-9+/=]+)"', html)]
    assert len(packed) > 5, "the page holds its data in another form than this test reads"
    for text in (html.encode(), *packed):
        assert b"forged" not in text
        assert b"javascript:alert" not in text
    assert history.read_bytes() == before


def test_no_line_of_a_journal_is_an_earlier_drill(tmp_path: Path) -> None:
    """What a sealed page shows comes of plan and journal alone, and the journal tells of one drill."""
    directory = Desk(tmp_path).file("d1", rendered=True)
    opened = [line for line in (directory / JOURNAL).read_text().splitlines() if '"drill-opened"' in line]
    assert len(opened) == 1
    assert not (tmp_path / "reports" / "allure-history.jsonl").exists()

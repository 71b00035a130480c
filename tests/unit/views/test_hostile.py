"""A journal full of what a hostile backup could put into it, rendered through every view there is.

Whatever a file is read with (a terminal, a browser, a spreadsheet, typst, Prometheus, a CI server), text from
a backup is shown by it and never obeyed. A view that is added later is held to the same.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pypdf
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from restoreproof.cli.app import say
from restoreproof.events import EVENTS, Event, ForbiddenScanned, LogsKept, Observed
from restoreproof.gherkin.printer import Printer
from restoreproof.plan import Plan, PlannedCheck, PlannedStep, Waiver
from restoreproof.redaction.redactor import Redactor
from restoreproof.views.allure import report
from restoreproof.views.allure.report import AllureUnavailable
from restoreproof.views.render import render
from tests.stories import STAGES, Story, closed, plan_of
from tests.unit.views.test_views import write_journal

SCRIPT = "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>"
STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\r"
TYPST = '#read("/etc/passwd") #eval("1+1") $ x $ *b* <label> @ref'
MARKDOWN = "```\n# Owned\n[click](javascript:alert(3)) | <b>bold</b> | `x`\n***\n"
METRIC = 'a"} 1\nrestoreproof_owned 1\n'
TEMPLATE = "{{ 7*7 }} {% raw %} ${7*7} %(x)s {0}"
HOSTILES = {
    "markup": SCRIPT,
    "steering": STEERING + "x",
    "typst": TYPST,
    "markdown": MARKDOWN,
    "formula": '=HYPERLINK("http://evil.example","x")',
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "metric": METRIC,
    "template": TEMPLATE,
    "entities": "&lt;script&gt;&amp;]]><![CDATA[ <!-- -->",
    "unencodable": "\udcff\ud800\ufffe\U000e0041",
    "path": "../../../../etc/passwd",
    "flood": "A" * 100_000,
    "lines": "line\n" * 5000,
}
EVERYTHING = "".join(value for name, value in HOSTILES.items() if name not in ("flood", "lines"))


NUMBERS = {"seconds": 1.0, "value": 3, "pid": 1, "returncode": 1, "bytes": 9, "items": 2, "attempt": 1}
WORDS = {"outcome": "failed", "status": "failed", "when": "at-the-end"}


def poisoned(event_class: type[Event], text: str) -> dict[str, Any]:
    """Every field of an event, with hostile text wherever text is possible."""
    nested = {text: text, "a": {text: [text]}}
    file = {"name": text, "sha256": text, "expected_sha256": text, "digest_source": text}
    found = [{"rule": text, "location": text}] if event_class is ForbiddenScanned else [text, text]
    data: dict[str, Any] = NUMBERS | WORDS | {
        "argv": [text, f"--x={text}"], "findings": found, "leftovers": [text], "processes": [text],
        "directories": [text], "checks": [text], "ruleset": [text], "unscannable": [text],
        "custody": {"key_id": text, "manifest_sha256": text}, "clock": {"source": text},
        "faults": [{"name": text, "checks": [text]}],
        "host": {"kernel": text, "python": text}, "harness_build": {"version": text, "git_commit": text},
        "nouns": nested, "tool_versions": {text: text}, "lacks": {text: text}, "queries": {text: text},
        "encryption": {"scheme": text}, "reissued_from": {"set_id": text}, "effects": {text: 3},
        "references": [{"asset": text, "reference": text, "engine": text}], "files": [file],
        "table": [[text, text]], "result": {"name": text, "status": text, "steps": [{"name": text}]},
    }  # fmt: skip
    if event_class is Observed:
        data["outcome"] = "FAILED"
    if event_class is LogsKept:
        data["files"] = [{"name": text, "sha256": text}]
    told = {}
    for name, field in event_class.model_fields.items():
        if name in data:
            told[name] = data[name]
        elif name != "type" and re.search(r"\bstr\b", str(field.annotation)):
            told[name] = text
        elif "bool" in str(field.annotation):
            told[name] = True
    return told


def hostile_plan(text: str) -> Plan:
    """Titles, tags and reasons are written by people, into files of text, and copied from anywhere."""
    text = text.encode("utf-8", "replace").decode()[:3000]
    steps = (PlannedStep("Then ", text, 4),)
    checks = tuple(
        PlannedCheck(
            id=f"{text[:40]}/{stage}",
            title=text,
            feature=text,
            file="a/b.feature",
            line=3,
            stage=stage,
            mandatory=stage != "smoke",
            tags=(f"control:{text[:50]}", f"owner:{text[:50]}", f"epic:{text[:50]}"),
            steps=steps,
            parameters=((text, text),),
            rule=text,
        )
        for stage in STAGES
    )
    waiver = Waiver(checks[0].id, text, text, text, "2026-12-31")
    return plan_of(*checks, waivers=(waiver,))


def hostile_story(plan: Plan, text: str) -> Story:
    """One event of every type, hostile in every field, around scenarios that failed hostilely."""
    story = Story()
    closing = {"inner-exited", "teardown", "drill-closed"}
    for type in ("drill-opened", *sorted(EVENTS.keys() - closing - {"drill-opened"})):
        known = {"check": plan.checks[0].id, "stage": STAGES[0], "proven": True}
        fields = EVENTS[type].model_fields
        named = {name: value for name, value in known.items() if name in fields}
        story.tell(type, **poisoned(EVENTS[type], text) | named)
    for check in plan.checks:
        story.check(check.id, "FAILED", "failed", observed=text, expected=text, findings=[text] * 5)
    story.tell("stage-failed", stage=text, error=text, hint=text)
    return closed(story, returncode=1)


@pytest.fixture(scope="module", params=[*HOSTILES, "everything"])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of one hostile drill, without Allure's own page: that one holds the same results."""
    text = HOSTILES.get(request.param, EVERYTHING)
    directory: Path = tmp_path_factory.mktemp("reports") / "drill"
    directory.mkdir()

    def unavailable(*_: object) -> Path:
        raise AllureUnavailable("Node is not installed")

    plan = hostile_plan(text)
    write_journal(directory, hostile_story(plan, text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "ensure_tool", unavailable)
        render(directory, plan)
    return directory


def files(directory: Path, *suffixes: str) -> Iterator[tuple[str, str]]:
    """(name, text) of the files with these suffixes."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix in suffixes:
            yield path.relative_to(directory).as_posix(), path.read_text(encoding="utf-8")


PEOPLE = (".html", ".svg", ".md", ".xml", ".txt", ".csv", ".prom", ".properties")


def test_nothing_steers_a_terminal_or_a_reader(rendered: Path) -> None:
    for name, text in files(rendered, *PEOPLE, ".json", ".jsonl"):
        assert not set(text) & {chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127)}, name
    for name, text in files(rendered, *PEOPLE):
        assert not set(text) & set("\x9b\r\u202e\u2066"), name


class _Elements(HTMLParser):
    """What a browser would take for elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.active += [tag] if tag in ("script", "img", "iframe", "object", "b") else []
        for key, value in attrs:
            if key.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "http")):
                self.active.append(f"{tag} {key}={value}")


def test_nothing_is_run_or_fetched_by_a_browser(rendered: Path) -> None:
    for name, text in files(rendered, ".html", ".svg"):
        browser = _Elements()
        browser.feed(text)
        allowed = "http://www.w3.org/"
        assert [one for one in browser.active if allowed not in one] == [], name


def test_xml_is_well_formed_and_json_is_json(rendered: Path) -> None:
    names = [name for name, _ in files(rendered, ".xml", ".svg")]
    assert {"junit.xml", "timeline.svg"} <= set(names)
    for _, text in files(rendered, ".xml", ".svg"):
        Xml.fromstring(text)
    for _, text in files(rendered, ".json"):
        json.loads(text)


def test_metrics_say_only_what_they_should(rendered: Path) -> None:
    label = r'[a-z_]+="(?:[^"\\\n]|\\.)*"'
    sample = re.compile(rf"restoreproof_(?!owned)\w+(?:\{{{label}(?:,{label})*\}})? [-+.\deinfa]+")
    for name, text in files(rendered, ".prom"):
        for line in text.splitlines():
            assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), (name, line[:200])


def test_no_cell_is_a_formula(rendered: Path) -> None:
    for name, text in files(rendered, ".csv"):
        for row in csv.reader(io.StringIO(text)):
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row), name


def test_markdown_gains_no_heading_link_or_element(rendered: Path) -> None:
    for name, text in files(rendered, ".md"):
        html = MarkdownIt("commonmark").enable("table").render(text)
        assert "Owned</h" not in html, name
        assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', html)), name
        browser = _Elements()
        browser.feed(html)
        assert browser.active == [], name


def test_the_pdf_quotes_typst_and_reads_no_file(rendered: Path) -> None:
    for path in rendered.rglob("*.pdf"):
        text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        assert "root:x:0:0" not in text


def test_a_flood_is_cut(rendered: Path) -> None:
    """One value of 100 kB in every field of every event: nothing that people open grows by it."""
    for name, text in files(rendered, *PEOPLE):
        attached = name.startswith("allure-results/")  # cut too, at more than this
        assert attached or "A" * 30_000 not in text, name
        assert len(text) < 5_000_000, name


def test_nothing_is_written_outside(rendered: Path) -> None:
    assert [path.name for path in rendered.parent.iterdir()] == ["drill"]
    assert not [path for path in rendered.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", HOSTILES)
def test_the_live_print_can_not_be_steered(name: str) -> None:
    text, printed = HOSTILES[name], io.StringIO()
    plan = hostile_plan(text)
    printer = Printer(plan, Redactor(), Console(file=printed, force_terminal=False, width=200))
    for event in hostile_story(plan, text).events:
        printer.event(event.event)
    assert not set(printed.getvalue()) & {
        *map(chr, range(9)),
        "\x1b",
        "\x07",
        "\x9b",
        "\r",
        "\u202e",
        "\u2066",
    }
    assert "A" * 20_000 not in printed.getvalue()


@pytest.mark.parametrize("name", HOSTILES)
def test_what_a_command_says_can_not_steer(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The headline and the reasons of a record are printed at the end of a drill."""
    say(HOSTILES[name])
    printed = capsys.readouterr().out
    assert not set(printed) & {*map(chr, range(9)), *"\x1b\x07\x9b\r\u202e\u2066"}
    assert len(printed) < 130_000

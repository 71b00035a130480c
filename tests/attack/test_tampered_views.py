"""Views that say otherwise than the journal are not sealed, and not believed where somebody sealed them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof import extras
from restoreproof.cli import app
from restoreproof.drill.outer.teardown import digests_of_logs
from restoreproof.errors import UsageError
from restoreproof.events import LogsKept
from restoreproof.journal.read import JournalLine
from restoreproof.ledger import Ledger
from restoreproof.outcome import Verdict
from restoreproof.verifier.formats import SUMS
from restoreproof.views.rerender import compare, render_again
from tests.stories import Story
from tests.unit.sealing.sealed import Desk
from tests.unit.verifier.verify_cases import failed


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.ledger = Ledger(desk.reports / "ledger.jsonl")  # the drill's machine has no key
    return desk


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in arguments], terminal_width=1000)


def seal(desk: Desk, directory: Path) -> Any:
    return command("seal", directory, "--key", f"file:{desk.root}/keys/drill.pem")


def verify(desk: Desk, directory: Path, *more: str) -> dict[str, Any]:
    done = command("verify", directory, "--key", desk.public, "--json", *more)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["exit_code"] == done.exit_code
    return answer


def healthy_looking(directory: Path, name: str) -> None:
    """A view of a FAILED drill, edited to say VERIFIED."""
    view = directory / name
    content = view.read_bytes()
    edited = content.replace(b"FAILED", b"VERIFIED").replace(b"failure", b"success")
    view.write_bytes(edited if edited != content else content + b"VERIFIED")


VIEWS = [
    "index.html",
    "drill.pdf",
    "junit.xml",
    "oscal-assessment-results.json",
    "metrics.prom",
    "runbook.md",
]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_was_edited_on_its_way_to_the_key_is_not_sealed(desk: Desk, name: str) -> None:
    directory = desk.file("d1", sealed=False, rendered=True, tell=failed)
    healthy_looking(directory, name)
    refused = seal(desk, directory)
    assert isinstance(refused.exception, UsageError), refused.output
    assert f"{name} is not what plan and journal give" in str(refused.exception)
    assert not (directory / SUMS).exists()


def an_added_page(directory: Path) -> str:
    (directory / "summary.html").write_text("<p>VERIFIED</p>")
    return "summary.html is no view of this drill"


def an_added_result(directory: Path) -> str:
    (directory / "allure-results" / "x-result.json").write_text("{}")
    return "allure-results/x-result.json is no view of this drill"


def an_added_log(directory: Path) -> str:
    (directory / "logs").mkdir()
    (directory / "logs" / "postgres.log").write_text("all is well")
    return "logs/postgres.log is no view of this drill, nor a log as its journal names it"


def a_lost_view(directory: Path) -> str:
    (directory / "junit.xml").unlink()
    return "junit.xml is missing"


@pytest.mark.parametrize("tamper", [an_added_page, an_added_result, an_added_log, a_lost_view])
def test_what_plan_and_journal_do_not_give_is_not_sealed(desk: Desk, tamper: Callable[[Path], str]) -> None:
    directory = desk.file("d1", sealed=False, rendered=True)
    words = tamper(directory)
    refused = seal(desk, directory)
    assert isinstance(refused.exception, UsageError), refused.output
    assert words in str(refused.exception)
    assert not (directory / SUMS).exists()


def test_allures_page_is_made_anew_where_the_key_is(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False, rendered=True, tell=failed)
    forged = "<p>VERIFIED</p><a href='javascript:alert(1)'>earlier</a>"
    (directory / "allure-report.html").write_text(forged)
    assert seal(desk, directory).exit_code == 0
    assert "javascript:alert(1)" not in (directory / "allure-report.html").read_text()
    assert "FAILED" in (directory / "allure-report.html").read_text()
    assert verify(desk, directory)["authentic"]


@pytest.mark.parametrize("name", VIEWS)
def test_a_tampered_view_that_was_signed_all_the_same_is_not_authentic(desk: Desk, name: str) -> None:
    """By another program than `seal`, or by one that has the key and skips the look."""
    directory = desk.file("d1", sealed=False, rendered=True, tell=failed)
    healthy_looking(directory, name)
    made = desk.seal(directory)
    Ledger(desk.reports / "ledger.jsonl", desk.key).seal("d1", made.attestation_sha256)
    answer = verify(desk, directory)
    assert answer["exit_code"] == 1 and not answer["authentic"]
    assert [one["where"] for one in answer["findings"]] == [name]
    assert verify(desk, directory, "--no-rerender")["authentic"]


def test_views_that_can_not_be_made_here_are_said_not_to_have_been_compared(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = desk.file("d1", sealed=False, rendered=True)
    assert seal(desk, directory).exit_code == 0
    monkeypatch.setattr(extras.Extra, "absent", lambda extra: extra.name == "pdf")
    monkeypatch.setattr(extras.Extra, "require", _missing)
    answer = verify(desk, directory)
    assert answer["authentic"]
    assert any("were not rendered anew" in note for note in answer["notes"])


def _missing(extra: extras.Extra, what: str) -> None:
    from restoreproof.errors import EnvironmentUnfitError

    raise EnvironmentUnfitError(f"{what} needs {extra.name}")


def test_logs_are_kept_as_the_journal_names_them(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "postgres.log").write_text("ready\n")
    kept = LogsKept(files=digests_of_logs(logs))
    assert [(file.name, len(file.sha256)) for file in kept.files] == [("postgres.log", 64)]
    assert digests_of_logs(tmp_path / "none") == ()


def test_a_log_that_the_journal_names_is_part_of_the_evidence(desk: Desk, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "postgres.log").write_text("ready\n")

    def with_logs(story: Story) -> list[JournalLine]:
        story.tell("logs-kept", files=[file.model_dump() for file in digests_of_logs(logs)])
        return story.events

    directory = desk.file("d1", sealed=False, rendered=True, tell=with_logs)
    logs.rename(directory / "logs")
    rendered = tmp_path / "rendered"
    assert render_again(directory, rendered).verdict is Verdict.VERIFIED
    assert compare(rendered, directory).added == ()
    (directory / "logs" / "postgres.log").write_text("all is well\n")
    assert compare(rendered, directory).added == ("logs/postgres.log",)

"""Every view is a function of plan and journal: made anew it has the same bytes, and no seal is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restoreproof import extras
from restoreproof.cli import app
from restoreproof.errors import EnvironmentUnfitError, EvidenceError, ExitCode
from restoreproof.outcome import Verdict
from restoreproof.views.pdf import VIEW
from restoreproof.views.rerender import GENERATED, GIVEN, compare, is_sealed, render_again
from tests.stories import Story
from tests.unit.record.told import everything_told, governed

VIEWS = {
    "record.json",
    "index.html",
    "drill.pdf",
    "timeline.svg",
    "junit.xml",
    "metrics.prom",
    "runbook.md",
    "oscal-assessment-results.json",
}


def written(directory: Path, story: Story) -> Path:
    """Plan and journal of a drill, as it leaves them."""
    directory.mkdir()
    (directory / "plan.json").write_text(json.dumps(governed().as_json(), indent=1))
    lines = [
        json.dumps(
            {"seq": line.seq, "source": line.source, "type": line.type, "at": line.at, "mono": line.mono}
            | {"data": line.event.data()},
            sort_keys=True,
        )
        for line in story.events
    ]
    (directory / "journal.jsonl").write_text("\n".join(lines) + "\n")
    return directory


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drill whose views were rendered once."""
    directory = written(tmp_path_factory.mktemp("reports") / "d1", everything_told(governed()))
    assert render_again(directory).verdict is Verdict.VERIFIED
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def test_every_view_rendered_anew_has_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    render_again(rendered, tmp_path / "again")
    first, again = contents(rendered), contents(tmp_path / "again")
    assert first.keys() >= VIEWS
    results = [name for name in first if name.startswith("allure-results/")]
    assert len(results) >= len(governed().checks)
    assert {name: first[name] for name in first if name not in GENERATED} == {
        name: again[name] for name in again if name not in GENERATED
    }
    found = compare(tmp_path / "again", rendered)
    assert found.equal
    assert set(found.same) == first.keys() - GENERATED - GIVEN


def test_rendering_in_place_twice_leaves_the_same_files(rendered: Path) -> None:
    before = contents(rendered)
    assert CliRunner().invoke(app, ["report", str(rendered)]).exit_code == 0
    assert {name: text for name, text in contents(rendered).items() if name not in GENERATED} == {
        name: text for name, text in before.items() if name not in GENERATED
    }


@pytest.fixture
def sealed(rendered: Path, tmp_path: Path) -> Path:
    """A copy of it that carries a seal, which nobody here looks into."""
    directory = tmp_path / "sealed"
    directory.mkdir()
    for name, content in contents(rendered).items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content)
    (directory / "SHA256SUMS").write_text("")
    assert is_sealed(directory)
    return directory


def test_sealed_evidence_is_held_against_what_is_rendered_and_never_changed(sealed: Path) -> None:
    before = contents(sealed)
    done = CliRunner().invoke(app, ["report", str(sealed)])
    assert done.exit_code == 0, done.output
    assert re.search(r"\d+ files rendered anew are, byte for byte, those that were sealed", done.output)
    assert contents(sealed) == before


def test_a_sealed_view_that_differs_or_is_missing_is_named(sealed: Path, tmp_path: Path) -> None:
    (sealed / "runbook.md").write_text("all is well")
    (sealed / "junit.xml").unlink()
    before = contents(sealed)
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["report", str(sealed), "--out", str(out), "--json"])
    assert done.exit_code == ExitCode.NO_TRUSTWORTHY_EVIDENCE
    assert "restoreproof 9 (commit 111111111111) made it, and this is restoreproof" in done.stderr
    told = json.loads(done.stdout)
    assert (told["equal"], told["different"], told["missing"]) == (False, ["runbook.md"], ["junit.xml"])
    assert contents(sealed) == before
    assert (out / "junit.xml").is_file()


def test_it_is_not_rendered_into_the_evidence_or_over_somebodys_files(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter").touch()
    for into, words in (
        (sealed / "more", "lies in the evidence itself"),
        (tmp_path / "kept", "not an empty"),
    ):
        done = CliRunner().invoke(app, ["report", str(sealed), "--out", str(into)])
        assert words in str(done.exception)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda directory: (directory / "plan.json").unlink(), "can't read the plan"),
        (lambda directory: (directory / "plan.json").write_text("{"), "not a plan"),
        (lambda directory: (directory / "plan.json").write_text('{"stack": 1}'), "not a plan"),
        (lambda directory: (directory / "journal.jsonl").unlink(), "there is no journal here"),
        (lambda directory: (directory / "journal.jsonl").write_text("torn\n"), "not a journal event"),
    ],
)
def test_what_is_no_evidence_is_refused_in_plain_words(tmp_path: Path, spoil: object, words: str) -> None:
    assert callable(spoil)
    directory = written(tmp_path / "d1", everything_told(governed()))
    spoil(directory)
    with pytest.raises(EvidenceError, match=words):
        render_again(directory)


def test_a_place_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path / "none")])
    assert "is no directory" in str(done.exception)


def test_a_view_that_the_drill_s_machine_could_not_make_is_left_out_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal decides, not what is installed where it is rendered again; and the record says so."""
    opening, *rest = everything_told(governed()).events
    story = Story().tell(opening.type, **opening.event.data())
    story.tell("view-reduced", view="pdf", why=VIEW.reduction)
    for event in rest:
        story.tell(event.type, **event.event.data())
    directory = written(tmp_path / "d1", story)
    record = render_again(directory)
    assert record.verdict is Verdict.VERIFIED
    assert not (directory / "drill.pdf").exists()
    assert (directory / "index.html").read_text().count("drill.pdf was not made") == 1
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    assert render_again(directory, tmp_path / "again").notes == record.notes
    assert compare(tmp_path / "again", directory).equal


def test_a_view_that_can_not_be_made_here_stops_rendering_before_anything_is_written(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    with pytest.raises(EnvironmentUnfitError, match=r"drill\.pdf needs restoreproof\[pdf\]"):
        render_again(rendered, tmp_path / "again")
    assert {path.name for path in (tmp_path / "again").iterdir()} == GIVEN

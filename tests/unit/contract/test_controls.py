"""What a stack says of its own checks: read beside the contract, or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.contract import Contract
from restoreproof.contract.controls import read_controls, stray_globs
from restoreproof.contract.loader import parse
from restoreproof.errors import ContractError, ExitCode
from restoreproof.plan import Bearing, CheckScope
from tests.contracts import SHOP

HEAD = 'schema = "restoreproof/stack-controls/v1"\n'
ROWS = '[[check]]\nid = "shop/rows"\nshows = "All rows are there."\nnot_shown = "That they are right."\n'


def written(directory: Path, text: str) -> Path:
    """The file of a stack."""
    path = directory / "controls.toml"
    path.write_text(text)
    return path


def test_it_maps_controls_to_checks_and_says_what_each_check_shows(tmp_path: Path) -> None:
    controls = read_controls(
        written(tmp_path, HEAD + '[bears_on]\n"SOC2-A1.2" = ["shop/*"]\nACME-7 = ["shop/rows"]\n' + ROWS)
    )
    assert controls.bearings == (Bearing("SOC2-A1.2", ("shop/*",)), Bearing("ACME-7", ("shop/rows",)))
    assert controls.scopes == (CheckScope("shop/rows", "All rows are there.", "That they are right."),)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[bears_on\n", None, "no TOML: "),
        ("", None, "schema: Field required"),
        (HEAD.replace("v1", "v9"), None, "schema: Input should be"),
        (HEAD + "[control]\n", None, "control: Extra inputs are not permitted"),
        (
            HEAD + ROWS + ROWS.replace("not_shown", "hides").replace("rows", "more"),
            6,
            "check.1.not_shown: Field",
        ),
        (HEAD + ROWS.replace('"All rows are there."', '" "'), 2, "check.0.shows: String should have"),
        (HEAD + ROWS + ROWS, 6, "'shop/rows' is described twice"),
        (HEAD + '[bears_on]\n"not a label" = ["x"]\n', 3, "bears_on.not a label"),
        (HEAD + '[bears_on]\nACME-7 = "shop/rows"\n', 3, "bears_on.ACME-7: Input should be a valid tuple"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ContractError) as refused:
        read_controls(path)
    place = f"{path}:{line}" if line else str(path)
    assert str(refused.value).startswith(f"{place}: {words}")
    assert refused.value.exit_code == ExitCode.COULD_NOT_START


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "controls.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ContractError, match="it is not UTF-8"):
        read_controls(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ContractError, match="can't be read: Is a directory"):
        read_controls(path)


def shop(directory: Path) -> Contract:
    """A contract in that directory."""
    return parse(SHOP, directory / "stack.yaml")


def test_a_glob_that_matches_no_check_is_told_with_its_line_and_the_check_meant(tmp_path: Path) -> None:
    text = HEAD + '[bears_on]\n"SOC2-A1.2" = ["shop/*"]\nACME-7 = [\n  "shp/rows", "bank/*",\n]\n' + ROWS
    path = written(tmp_path, text)
    told = [
        str(problem.where) + ": " + str(problem) for problem in stray_globs(shop(tmp_path), {"shop/rows"})
    ]
    assert told == [
        f"{path}:5: bears_on.ACME-7: no check is called 'shp/rows'; did you mean 'shop/rows'?",
        f"{path}:5: bears_on.ACME-7: no check is called 'bank/*'",
    ]


def test_globs_that_match_and_a_missing_file_are_no_finding(tmp_path: Path) -> None:
    assert list(stray_globs(shop(tmp_path), set())) == []
    written(tmp_path, HEAD + '[bears_on]\nACME-7 = ["*/rows"]\n' + ROWS)
    assert list(stray_globs(shop(tmp_path), {"shop/rows"})) == []


def test_a_scope_of_no_check_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROWS)
    (problem,) = stray_globs(shop(tmp_path), {"shop/row"})
    assert str(problem.where) == f"{path}:3"
    assert str(problem) == "check: no check is called 'shop/rows'; did you mean 'shop/row'?"

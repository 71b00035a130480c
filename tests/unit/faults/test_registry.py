"""A stack's faults are found in its folders and among installed distributions, and by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof import doors
from restoreproof.errors import ExitCode, PluginError, UsageError
from restoreproof.faults.base import Fault
from restoreproof.faults.registry import faults_of, find, folders_of
from restoreproof.testing.plugins import register
from tests.unit.faults.compiled import CONTRACT, FOLDERS, ROOT

LOST = Fault("lost", "a row is lost", ("shop/rows",), swap=("a", "b"))
FAMILY = """\
from restoreproof.faults.base import Fault
from ._checks import ROWS

FAULTS = (Fault("lost", "a row is lost", (ROWS,), swap=("a", "b")),)
"""


def folder(directory: Path, **modules: str) -> Path:
    """Write a stack's own folder of faults."""
    place = directory / "faults"
    place.mkdir(parents=True, exist_ok=True)
    for name, source in modules.items():
        (place / f"{name}.py").write_text(source)
    return place


def test_the_reference_stack_keeps_its_own_beside_its_features() -> None:
    assert FOLDERS == (ROOT / "faults",)
    assert len(faults_of("wipe", FOLDERS)) > 50


def test_folders_are_looked_for_beside_the_contract_and_beside_the_features(tmp_path: Path) -> None:
    features = tmp_path / "project" / "features"
    (features / "backup").mkdir(parents=True)
    contract = tmp_path / "stack" / "stack.yaml"
    assert folders_of(contract, features) == ()
    beside = [folder(tmp_path / "stack"), folder(tmp_path / "project")]
    assert list(folders_of(contract, features / "backup")) == beside
    assert list(folders_of(tmp_path / "project" / "stack.yaml", features)) == beside[1:]


def test_a_family_is_a_module_and_shares_what_begins_with_an_underscore(tmp_path: Path) -> None:
    place = folder(tmp_path, rows=FAMILY, _checks="ROWS = 'shop/rows'\n")
    faults = faults_of("shop", (place,))
    assert [(name, fault.detected_by) for name, fault in faults.items()] == [("lost", ("shop/rows",))]
    assert "faults" not in sys.modules


def test_folders_of_two_stacks_do_not_meet(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", rows=FAMILY, _checks="ROWS = 'one/rows'\n")
    two = folder(tmp_path / "two", rows=FAMILY, _checks="ROWS = 'two/rows'\n")
    assert faults_of("one", (one,))["lost"].detected_by == ("one/rows",)
    assert faults_of("two", (two,))["lost"].detected_by == ("two/rows",)


def test_a_distribution_registers_the_faults_of_a_stack_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, doors.FAULTS, "shop", (LOST,))
    assert find("shop", (), ["lost"]) == (LOST,)
    assert faults_of("another", ()) == {}


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no fault 'no-such-fault' is known for the stack 'wipe'"):
        find("wipe", FOLDERS, ("no-such-fault",))


@pytest.mark.parametrize(
    ("source", "line", "cause"),
    [
        ("import no_such_module_at_all\n", 1, "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("x = 1\n\ndef broken(:\n", 3, "SyntaxError"),
        ("x = 1\nraise RuntimeError('unfit')\n", 2, "RuntimeError: unfit"),
        ("import sys\nsys.exit(0)\n", 2, "SystemExit: 0"),
    ],
)
def test_a_module_that_raises_is_named_with_its_file_line_and_cause(
    tmp_path: Path, source: str, line: int, cause: str
) -> None:
    place = folder(tmp_path, rows=source)
    with pytest.raises(PluginError) as refused:
        faults_of("shop", (place,))
    assert refused.value.exit_code == ExitCode.COULD_NOT_START
    assert str(refused.value).startswith(f"{place / 'rows.py'}:{line}: can't be imported: ")
    assert cause in refused.value.message


@pytest.mark.parametrize("source", ["", "FAULTS = 1\n", "FAULTS = ['lost']\n", "FAULTS = ('lost',)\n"])
def test_a_module_without_faults_is_named(tmp_path: Path, source: str) -> None:
    place = folder(tmp_path, rows=source)
    with pytest.raises(PluginError, match=r"rows\.py has no FAULTS") as refused:
        faults_of("shop", (place,))
    assert "begin the name of a module with _" in str(refused.value)


def test_a_name_is_taken_once_whoever_takes_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = folder(tmp_path, rows=FAMILY, _checks="ROWS = 'shop/rows'\n")
    register(monkeypatch, doors.FAULTS, "shop", (LOST,))
    with pytest.raises(
        PluginError, match=r"'lost': in .*rows\.py and in 'shop' in restoreproof\.faults .*a-test"
    ):
        faults_of("shop", (place,))


def test_the_command_lists_the_faults_of_a_foreign_stack(tmp_path: Path) -> None:
    contract = tmp_path / "stack.yaml"
    contract.write_text(CONTRACT.read_text().replace("\nstack: wipe\n", "\nstack: shop\n"))
    shutil.copyfile(CONTRACT.parent / "runbook.md", tmp_path / "runbook.md")
    command = [sys.executable, "-m", "restoreproof.cli", "faults", contract]
    none = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert none.stdout.startswith(
        "no fault is known for the stack shop: put a module with FAULTS into faults/"
    )
    folder(tmp_path, rows=FAMILY, _checks="ROWS = 'shop/rows'\n")
    some = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert some.stdout == "lost: a row is lost (order) → shop/rows\n"

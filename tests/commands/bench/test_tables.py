"""What the benchmark makes of measured drills; the measuring itself is CI's smoke run."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from bench import __main__ as bench
from bench import drills, plot, tables
from bench.bare import Silence
from bench.drills import Drill
from bench.results import REST, Measured, all_verified
from bench.sandboxed import bare_orders
from restoreproof.contract import load
from restoreproof.drill.handoff import InnerConfig
from restoreproof.events import Note

ROOT = Path(__file__).parents[3]
ONE = Drill(30.0, {"database": 2.0, "smoke": 0.0}, 200 * 2**20, "VERIFIED", "set s1, features f1")
MEASURED = Measured(
    "small",
    {
        "process": (ONE, replace(ONE, wall_s=31.0), replace(ONE, wall_s=90.0)),
        "compose": (replace(ONE, wall_s=62.0, stages={"database": 5.0, "smoke": 0.0}),) * 3,
    },
    (
        {"database": 1.5, "identity": 10.5},
        {"database": 1.0, "identity": 10.0},
        {"database": 9.0, "identity": 9.0},
    ),
    "process",
)


def lines(table: Table) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=160).print(table)
    return out.getvalue().splitlines()


def row(table: Table, start: str) -> list[str]:
    """The cells of the one row that begins so."""
    (found,) = [line for line in lines(table) if line.strip("│ ").startswith(start)]
    return [cell.strip() for cell in found.split("│")[1:-1]]


def test_each_stage_stands_beside_that_of_the_other_runtime_and_the_bare_one() -> None:
    assert row(tables.stages(MEASURED), "database") == ["database", "2.00", "5.00", "2.50 ×", "1.50"]
    assert row(tables.stages(MEASURED), REST) == [REST, "29.00", "57.00", "1.97 ×", ""]
    assert row(tables.stages(MEASURED), "whole drill") == ["whole drill", "31.00", "62.00", "2.00 ×", "12.00"]


def test_no_ratio_is_made_of_a_stage_that_took_no_time() -> None:
    assert row(tables.stages(MEASURED), "smoke") == ["smoke", "0.00", "0.00", "", "0.00"]


def test_one_runtime_alone_has_a_table_without_a_ratio() -> None:
    alone = replace(MEASURED, drills={"process": MEASURED.drills["process"]})
    assert row(tables.stages(alone), "database") == ["database", "2.00", "1.50"]


def test_the_tax_is_the_drill_divided_by_the_bare_restore() -> None:
    cells = row(tables.summary([MEASURED]), "small │ process")
    assert cells == ["small", "process", "VERIFIED", "31.0 s", "12.0 s", "2.58 ×", "200 MiB"]
    assert row(tables.summary([MEASURED]), "small │ compose")[4:6] == ["", ""]


def test_the_tax_is_told_of_the_runtime_that_the_bare_restore_ran_in() -> None:
    other = replace(MEASURED, bare_on="compose")
    assert row(tables.summary([other]), "small │ compose")[4:6] == ["12.0 s", "5.17 ×"]
    assert row(tables.summary([other]), "small │ process")[4:6] == ["", ""]


def test_a_runtime_that_is_missing_is_left_out_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"process": None, "compose": "no daemon"}
    monkeypatch.setattr(bench, "unavailable", lacking.get)
    assert bench.available(every=False) == ["process"]
    with pytest.raises(SystemExit, match="compose is missing: no daemon"):
        bench.available(every=True)


def test_drills_of_different_things_are_not_compared() -> None:
    assert MEASURED.drilled == "set s1, features f1"
    other = replace(ONE, drilled="set s2, features f1")
    with pytest.raises(ValueError, match="can't be compared"):
        _ = replace(MEASURED, drills={"process": (ONE,), "compose": (other,)}).drilled


def test_seconds_of_a_drill_that_was_not_verified_are_no_result() -> None:
    failed = replace(MEASURED, drills={"process": (ONE, replace(ONE, verdict="FAILED"))})
    assert all_verified([MEASURED])
    assert not all_verified([MEASURED, failed])
    assert failed.verdicts("process") == "FAILED, VERIFIED"


def test_the_picture_names_every_stage_and_every_runtime(tmp_path: Path) -> None:
    drawn = plot.draw(MEASURED, tmp_path / "made" / "small.svg")
    said = {text for one in ET.parse(drawn).iter() if (text := (one.text or "").strip())}
    assert {"process", "compose", "bare restore", "database", "smoke", REST, "5.0"} <= said


def test_what_a_record_says_becomes_the_figures() -> None:
    record = {
        "verdict": "VERIFIED",
        "stages": [{"name": "database", "seconds": 2.5}, {"name": "smoke", "seconds": None}],
        "measurements": [{"name": "harness.peak_rss", "value": 7.0}, {"name": "rpo", "value": 900.0}],
        "backup_set": {"set_id": "s1"},
        "plan": {"features_sha256": "f" * 64},
    }
    told = drills.told_by(record, 10.0)
    assert (told.stages, told.peak_bytes, told.rest_s) == ({"database": 2.5, "smoke": 0.0}, 7.0, 7.5)
    assert told.drilled == f"set s1, features {'f' * 12}"


def test_a_runtime_that_is_not_there_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    reason = drills.unavailable("compose")
    assert reason
    assert "\n" not in reason


def test_a_benchmark_says_what_it_would_do() -> None:
    argv = [sys.executable, "-m", "bench", "--help"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--smoke" in done.stdout


@pytest.mark.parametrize("times", ["0", "-1", "often"])
def test_what_was_not_measured_once_has_no_median(times: str) -> None:
    argv = [sys.executable, "-m", "bench", "--repeat", times]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--repeat" in done.stderr


def test_a_command_that_fails_ends_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drills, "CLI", (sys.executable, "-c", "import sys; print('no room', file=sys.stderr); sys.exit(4)")
    )
    with pytest.raises(SystemExit, match=r"no room\n.* drill ended with 4"):
        drills.call(["drill"])
    assert drills.call([], allowed=(0, 4)) == ""


def test_the_bare_restore_keeps_no_events() -> None:
    Silence().emit(Note(text="dropped"))


def test_the_bare_restore_has_the_orders_that_an_inner_process_reads(tmp_path: Path) -> None:
    contract = load(ROOT / "compose/wipe/stack.yaml")
    orders = bare_orders(contract, tmp_path / "set", tmp_path / "key", tmp_path, tmp_path / "cache")
    orders.write(tmp_path / "inner.json")
    assert InnerConfig.read(tmp_path / "inner.json") == orders
    assert orders.order == contract.order
    assert orders.plan.checks == ()

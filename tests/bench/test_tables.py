"""What the benchmark prints of measured drills; the measuring itself is CI's smoke run."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import bench.__main__ as bench
from bench.bare import Silence
from restoreproof.contract import load
from restoreproof.drill.config import InnerConfig

ROOT = Path(__file__).parents[2]
ROW: dict[str, Any] = {
    "size": "small",
    "verdict": "VERIFIED",
    "wall_s": 30.0,
    "bare": {"database": 2.0, "identity": 10.0},
    "record": {
        "stages": [{"name": "database", "seconds": 2.5}, {"name": "smoke", "seconds": None}],
        "measurements": [{"name": "harness.peak_rss", "value": 200 * 2**20}],
    },
}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(bench, "console", Console(file=out, width=160))
    return out


def test_the_tax_is_the_drill_divided_by_the_bare_restore(printed: io.StringIO) -> None:
    bench._print_summary([ROW])
    row = next(line for line in printed.getvalue().splitlines() if "VERIFIED" in line)
    for figure in ("30.0 s", "12.0 s", "2.50 ×", "200 MiB"):
        assert figure in row


def test_each_stage_stands_beside_the_bare_one(printed: io.StringIO) -> None:
    bench._print_stages(ROW)
    lines = printed.getvalue().splitlines()
    assert any("database" in line and "2.50 s" in line and "2.00 s" in line for line in lines)
    assert any("smoke" in line and "0.00 s" in line for line in lines)


def test_a_benchmark_says_what_it_would_do() -> None:
    argv = [sys.executable, "-m", "bench", "--help"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--smoke" in done.stdout


def test_a_command_that_fails_ends_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "CLI", [sys.executable, "-c", "raise SystemExit(4)"])
    with pytest.raises(SystemExit, match="ended with 4"):
        bench._call(["drill"])
    assert bench._call([], allowed=(0, 4)) == ""


def test_the_bare_restore_keeps_no_events() -> None:
    Silence().emit("note", text="dropped")


def test_the_bare_restore_has_the_orders_that_an_inner_process_reads(tmp_path: Path) -> None:
    contract = load(ROOT / "compose/wipe/stack.yaml")
    orders = bench.bare_orders(contract, tmp_path / "set", tmp_path / "key", tmp_path)
    orders.write(tmp_path / "inner.json")
    assert InnerConfig.read(tmp_path / "inner.json") == orders
    assert orders.order == contract.order

"""``make bench``: each stage, the whole warm drill, and the harness tax, in one run on this machine.

The harness tax is the time of the whole drill divided by the time of the same restore without scenarios,
checks, journal and evidence (bench/bare.py). Compare ratios within one run; the seconds are this machine's.
The evidence of a made-up drill of 1,000 scenarios is rendered and sealed at the end (bench/evidence.py).
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from bench import evidence
from restoreproof.contract import Contract, load
from restoreproof.drill.config import InnerConfig
from restoreproof.drill.leftovers import destroy
from restoreproof.drill.sandboxing import readable
from restoreproof.runtimes.process.launch import DrillSandbox
from restoreproof.runtimes.process.privileges import as_ordinary_user

CONTRACT = Path("compose/wipe/stack.yaml")
VAR = Path("var/bench")
REPORTS = VAR / "reports"
CLI = [sys.executable, "-m", "restoreproof.cli"]
console = Console(highlight=False)


def main() -> int:
    """Take the sets, run the drills and the bare restores, print the tables."""
    arguments = _arguments()
    if os.geteuid() == 0:
        writable = [VAR.absolute(), user_cache_path("restoreproof")]
        for directory in writable:
            directory.mkdir(parents=True, exist_ok=True)
        return as_ordinary_user([sys.executable, "-m", "bench", *sys.argv[1:]], writable, [Path.cwd()])
    sizes = ["small"] if arguments.smoke else ["small", "default"]
    rows = [_measure(size, repeat=1 if arguments.smoke else 2) for size in sizes]
    for row in rows:
        _print_stages(row)
    _print_summary(rows)
    scenarios = evidence.SMOKE_SCENARIOS if arguments.smoke else evidence.SCENARIOS
    evidence.show(evidence.measure(scenarios), scenarios, console)
    return 0 if all(row["verdict"] == "VERIFIED" for row in rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="the small set once, to see that the benchmark runs"
    )
    return parser.parse_args()


def _measure(size: str, *, repeat: int) -> dict[str, Any]:
    var = VAR / size
    if not (var / "sets" / "latest").exists():
        console.print(f"taking a {size} set")
        _call(["backup", str(CONTRACT), "--size", size, "--var", str(var)])
    console.print(f"{size}: drilling and restoring bare, {repeat} × each")
    drills: list[dict[str, Any]] = []
    bare: list[dict[str, float]] = []
    for _ in range(repeat):
        drills.append(_drill(var))
        bare.append(_bare(var))
    best = min(drills, key=lambda one: float(one["wall_s"]))
    fastest = min(bare, key=lambda one: sum(one.values()))
    return {"size": size, **best, "bare": fastest}


def _drill(var: Path) -> dict[str, Any]:
    started = time.monotonic()
    told = _call(
        ["drill", str(CONTRACT), "--var", str(var), "--reports", str(REPORTS), "--json"], allowed=(0, 1, 3)
    )
    wall = time.monotonic() - started
    report = Path(json.loads(told)["report"]).parent
    record = json.loads((report / "record.json").read_text())
    return {"wall_s": wall, "verdict": record["verdict"], "record": record}


def _bare(var: Path) -> dict[str, float]:
    contract = load(CONTRACT)
    workdir = (VAR / f"bare-{os.getpid()}-{time.monotonic_ns()}").absolute()
    workdir.mkdir(parents=True)
    backup = (var / "sets" / "latest").resolve()
    identity = (var / "keys" / "recovery.txt").absolute()
    config = bare_orders(contract, backup, identity, workdir)
    config.write(workdir / "inner.json")
    read = readable(contract, backup, identity, user_cache_path("restoreproof"), Path("bench").absolute())
    sandbox = DrillSandbox(workdir, read=read, services=contract.services)
    argv = [sys.executable, "-m", "bench.bare", str(workdir / "inner.json")]
    process = sandbox.launch(argv, {"PYTHONPATH": str(Path.cwd())}, stdout=subprocess.PIPE)
    out, _ = process.communicate()
    destroy(workdir)
    if process.returncode:
        raise SystemExit(f"the bare restore ended with {process.returncode}")
    seconds: dict[str, float] = json.loads(out.splitlines()[-1])
    return seconds


def bare_orders(contract: Contract, backup: Path, identity: Path, workdir: Path) -> InnerConfig:
    """What the inner process needs to restore ``backup`` and nothing more."""
    return InnerConfig(
        drill_id=workdir.name,
        runtime="process",
        plan={},
        features=Path("features").absolute(),
        step_modules=(),
        contract=contract.path,
        backup=backup,
        catalogue=None,
        identity=identity,
        workdir=workdir,
        cache=user_cache_path("restoreproof"),
        opened_mono=time.monotonic(),
        order=contract.order,
        probes={},
        secrecy=secrets.token_hex(32),
    )


def _call(arguments: list[str], *, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([*CLI, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"restoreproof {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def _print_stages(row: dict[str, Any]) -> None:
    table = Table(
        title=f"{row['size']} set: stages of the drill, and of the bare restore", title_justify="left"
    )
    for name in ("stage", "restore in the drill", "bare restore"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in row["record"]["stages"]:
        bare = row["bare"].get(stage["name"], 0.0)
        table.add_row(stage["name"], f"{stage['seconds'] or 0:.2f} s", f"{bare:.2f} s")
    console.print(table)


def _print_summary(rows: list[dict[str, Any]]) -> None:
    table = Table(title="whole warm drill", title_justify="left")
    for name in ("set", "verdict", "drill", "bare restore", "harness tax", "peak memory of the harness"):
        table.add_column(name, justify="left" if name in ("set", "verdict") else "right")
    for row in rows:
        bare = sum(row["bare"].values())
        peak = next(
            (one["value"] for one in row["record"]["measurements"] if one["name"] == "harness.peak_rss"), 0.0
        )
        table.add_row(
            row["size"],
            row["verdict"],
            f"{row['wall_s']:.1f} s",
            f"{bare:.1f} s",
            f"{row['wall_s'] / bare:.2f} ×",
            f"{peak / 2**20:.0f} MiB",
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())

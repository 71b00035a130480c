"""Whole drills by the command line, as an operator runs them, and the figures that their records hold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from restoreproof.contract import load
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.runtimes.registry import driver

CONTRACT = Path("compose/wipe/stack.yaml")
RUNTIMES = ("process", "compose")
CLI = (sys.executable, "-m", "restoreproof.cli")

_ENDED = (0, 1, 3)
"""The exit codes of a drill that left a record."""
_SHOWN = 30
"""Lines of what a command said before it failed."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What one drill took. ``stages`` are the seconds of each stage's restore, in the contract's order."""

    wall_s: float
    stages: dict[str, float]
    peak_bytes: float
    verdict: str
    drilled: str
    """The digests of what was drilled; two drills can be compared if they are equal."""

    @property
    def rest_s(self) -> float:
        """Everything beside the stages: set, isolation, checks, teardown, evidence."""
        return self.wall_s - sum(self.stages.values())


def take_set(var: Path, size: str) -> None:
    """Take a set of the reference stack into ``var``, unless one lies there."""
    if not (var / "sets" / "latest").exists():
        call(["backup", str(CONTRACT), "--size", size, "--var", str(var)])


def drill(var: Path, runtime: str, reports: Path) -> Drill:
    """Drill the latest set of ``var``. Ends the benchmark if no record was left."""
    options = ["--runtime", runtime, "--var", str(var), "--reports", str(reports), "--json"]
    started = time.monotonic()
    told = call(["drill", str(CONTRACT), *options], allowed=_ENDED)
    wall_s = time.monotonic() - started
    report = Path(json.loads(told)["report"]).parent
    return told_by(json.loads((report / "record.json").read_text()), wall_s)


def told_by(record: dict[str, Any], wall_s: float) -> Drill:
    """The figures of a drill whose command took ``wall_s``."""
    peaks = [one["value"] for one in record["measurements"] if one["name"] == "harness.peak_rss"]
    return Drill(
        wall_s=wall_s,
        stages={one["name"]: one["seconds"] or 0.0 for one in record["stages"]},
        peak_bytes=max(peaks, default=0.0),
        verdict=record["verdict"],
        drilled=f"set {record['backup_set']['set_id']}, features {record['plan']['features_sha256'][:12]}",
    )


def unavailable(runtime: str) -> str | None:
    """Why no drill can run on ``runtime`` here; None if one can. What is built once is built now."""
    try:
        driver(runtime).prepare(load(CONTRACT), user_cache_path("restoreproof"), print)
    except (EnvironmentUnfitError, ContractError) as error:
        return error.message
    return None


def call(arguments: list[str], *, allowed: tuple[int, ...] = (0,)) -> str:
    """What restoreproof prints for ``arguments``. Ends the benchmark if it ends with another code."""
    done = subprocess.run([*CLI, *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        last = "\n".join(done.stderr.splitlines()[-_SHOWN:])
        raise SystemExit(f"{last}\nrestoreproof {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout

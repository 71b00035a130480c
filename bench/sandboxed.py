"""The outer half of the bare restore: ``python -m bench.sandboxed VAR`` prints the seconds of each stage."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from platformdirs import user_cache_path

from bench.drills import CONTRACT
from restoreproof.contract import Contract, load
from restoreproof.drill.handoff import InnerConfig
from restoreproof.drill.outer.cleanup import destroy
from restoreproof.drill.sandbox_contents import readable
from restoreproof.plan import Plan
from restoreproof.runtimes.host.privileges import as_ordinary_user
from restoreproof.runtimes.process.launch import DrillSandbox

RUNTIME = "process"
"""The runtime whose sandbox it is."""


def restore_bare(var: Path) -> dict[str, float]:
    """The seconds that each stage of the latest set of ``var`` takes without the harness."""
    argv = [sys.executable, "-m", "bench.sandboxed", str(var)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the bare restore ended with {done.returncode}")
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def main(var: Path) -> int:
    """Restore in a sandbox, as an ordinary user."""
    cache = user_cache_path("restoreproof")
    if os.geteuid() == 0:
        return as_ordinary_user(
            [sys.executable, "-m", "bench.sandboxed", str(var)], [var, cache], [Path.cwd()]
        )
    contract = load(CONTRACT)
    workdir = var / "run" / f"bare-{os.getpid()}-{time.monotonic_ns()}"
    workdir.mkdir(parents=True)
    orders = bare_orders(contract, (var / "sets/latest").resolve(), var / "keys/recovery.txt", workdir, cache)
    orders.write(workdir / "inner.json")
    read = readable(contract, orders.backup, orders.identity, cache, Path("bench").absolute())
    sandbox = DrillSandbox(workdir, read=read, services=contract.services)
    argv = [sys.executable, "-m", "bench.bare", str(workdir / "inner.json")]
    try:
        return sandbox.launch(argv, {"PYTHONPATH": str(Path.cwd())}).wait()
    finally:
        destroy(workdir)


def bare_orders(contract: Contract, backup: Path, identity: Path, workdir: Path, cache: Path) -> InnerConfig:
    """What the inner process needs to restore ``backup`` and nothing more."""
    return InnerConfig(
        drill_id=workdir.name,
        runtime="process",
        plan=_nothing_planned(contract),
        features=Path("features").absolute(),
        support_modules=(),
        contract=contract.path,
        contract_copy=contract.path,
        project=Path.cwd(),
        backup=backup,
        catalogue=None,
        identity=identity,
        workdir=workdir,
        cache=cache,
        opened_mono=time.monotonic(),
        order=contract.order,
        probes={},
        secrecy=secrets.token_hex(32),
    )


def _nothing_planned(contract: Contract) -> Plan:
    """The contract's stages, and no check at any of them."""
    return Plan(
        stack=contract.stack,
        contract_sha256="",
        features_sha256="",
        harness="bench",
        stages=contract.order,
        checks=(),
        rpo_s=contract.objectives.rpo_s,
        rto_s=contract.objectives.rto_s,
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))

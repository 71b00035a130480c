"""A target that no drill started: ``python -m tests.drill.external.player DIRECTORY CONTRACT CACHE …``.

It holds the services of a contract in a sandbox, as a provider would: reached by ports of 127.0.0.1, started,
stopped and restored by orders alone (``DIRECTORY/target``; see ``inside.Target``). It says ``up`` when it
takes orders, and lives until ``target down`` or a signal. Tools inside see the directories ``SHARED``.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from restoreproof.contract import Contract, load
from restoreproof.runtimes.host.privileges import as_ordinary_user
from restoreproof.runtimes.process.launch import DrillSandbox, SandboxProcess
from tests.drill.external.player import client
from tests.drill.external.player.inside import DOORS
from tests.drill.external.player.relay import Door, open_doors

ROOT = Path(__file__).resolve().parents[4]
CONFIG = "player.json"


def main(directory: Path, contract: Path, cache: Path, shared: Sequence[Path]) -> int:
    """Hold a target; under root it becomes an ordinary user first, as a drill does."""
    if os.geteuid() == 0:
        argv = [sys.executable, "-m", "tests.drill.external.player", *sys.argv[1:]]
        return as_ordinary_user(argv, [directory, cache, *shared], [ROOT])
    (directory / CONFIG).write_text(json.dumps({"contract": str(contract), "cache": str(cache)}))
    _write_target(directory / "target")
    # Sockets have relative names: their paths may not be longer than 107 bytes.
    os.chdir(directory)
    return asyncio.run(_hold(directory, load(contract), [ROOT, cache], shared))


async def _hold(directory: Path, contract: Contract, read: Sequence[Path], shared: Sequence[Path]) -> int:
    doors = await open_doors(_doors(contract))
    told = [{"service": service, "name": name, "port": port} for (service, name), port in doors.items()]
    (directory / DOORS).write_text(json.dumps(told))
    process = _launch(directory, contract, read, shared)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, process.kill)
    return await asyncio.to_thread(process.wait)


def _doors(contract: Contract) -> list[Door]:
    return [(name, port) for name, one in contract.services.items() for port in ("main", *one.ports)]


def _launch(
    directory: Path, contract: Contract, read: Sequence[Path], shared: Sequence[Path]
) -> SandboxProcess:
    venvs = {str(one.options()["venv"]) for one in contract.services.values() if "venv" in one.options()}
    environments = [(contract.directory / venv).resolve() for venv in venvs]
    sandbox = DrillSandbox(directory, read=[*read, *environments], write=shared, services=contract.services)
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RESTOREPROOF_PATIENCE": os.environ.get("RESTOREPROOF_PATIENCE", "1"),
    }
    argv = [sys.executable, "-m", "tests.drill.external.player.inside", str(directory / CONFIG)]
    return sandbox.launch(argv, environment, stdin=subprocess.DEVNULL)


def _write_target(path: Path) -> None:
    """The client as a command of its own, beside the sockets: it needs no checkout."""
    shutil.copyfile(Path(client.__file__), path)
    path.write_text(f"#!{sys.executable}\n{path.read_text()}")
    path.chmod(0o700)


if __name__ == "__main__":
    place, stack, store, *others = (Path(one).absolute() for one in sys.argv[1:])
    sys.exit(main(place, stack, store, others))

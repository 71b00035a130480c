"""``python held.py WORKDIR``: a drill sandbox with a running PostgreSQL in it, held until somebody kills us.

Says ``up`` on standard output once the server answers. Under root it becomes an ordinary user first.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from restoreproof.contract.services import Service
from restoreproof.journal.write import PipeEmitter
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.host.privileges import as_ordinary_user
from restoreproof.runtimes.process.launch import DrillSandbox
from restoreproof.runtimes.process.runtime import ProcessRuntime

ROOT = Path(__file__).resolve().parents[3]
SERVICES = {"postgres": Service(component="postgres", port=5432, starts="database")}


def outer(workdir: Path) -> int:
    if os.geteuid() == 0:
        return as_ordinary_user([sys.executable, *sys.argv], [workdir], [ROOT])
    inner = workdir / "inner"
    inner.mkdir()
    argv = [sys.executable, __file__, str(inner)]
    environment = {"PYTHONPATH": str(ROOT), "HELD_INSIDE": "1"}
    return DrillSandbox(inner, read=[ROOT], services=SERVICES).launch(argv, environment).wait()


def inside(workdir: Path) -> int:
    redactor = Redactor()
    runtime = ProcessRuntime(
        services=SERVICES,
        workdir=workdir,
        contract_dir=workdir,
        code=workdir,
        emitter=PipeEmitter(None, redactor),
        redactor=redactor,
        cache=workdir,
    )
    runtime.start("postgres")
    print("up", flush=True)
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit((inside if "HELD_INSIDE" in os.environ else outer)(Path(sys.argv[1])))

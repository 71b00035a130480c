"""Looks for a drill's signing key from where its inner process runs; prints what it found there.

``python key_hunt.py VAR CACHE``; under root it becomes an ordinary user first, as the command line does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from restoreproof.contract import load
from restoreproof.drill.evidence_store import EvidenceOptions, open_evidence_store
from restoreproof.drill.sandbox_contents import readable
from restoreproof.runtimes import DEFAULT
from restoreproof.runtimes.driver import OuterContext
from restoreproof.runtimes.host.privileges import as_ordinary_user
from restoreproof.runtimes.registry import driver

ROOT = Path(__file__).resolve().parents[3]


def main(var: Path, cache: Path) -> int:
    if os.geteuid() == 0:
        return as_ordinary_user([sys.executable, *sys.argv], [var, cache], [ROOT])
    filing = open_evidence_store(EvidenceOptions(), var, var / "reports", lambda _: None)
    assert filing.key_path is not None and filing.key_path.is_file()
    contract = load(ROOT / "compose" / "wipe" / "stack.yaml")
    workdir = var / "run" / "d1"
    workdir.mkdir(parents=True)
    identity = var / "keys" / "recovery.txt"
    identity.write_text("what the inner process needs\n")
    seen = readable(contract, cache, ROOT / "features", identity)
    filing.refuse_visible_key(seen)
    hosting = driver(DEFAULT).outer(OuterContext("d1", contract, workdir, cache, tuple(seen)))
    look = f"cat {identity}; cat {filing.key_path}; ls {filing.key_path.parent}; cat /proc/*/environ"
    process = hosting.launch(["sh", "-c", look], {}, pass_fds=[], stdout=subprocess.PIPE)
    sys.stdout.buffer.write(process.communicate()[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))

"""Runs pytest in a real drill sandbox, as an ordinary user, and writes down what came out.

``python sandboxed.py WORKDIR CACHE [pytest arguments]``; under root it becomes an ordinary user first, as
the command line does. Of what the arguments collect, the node ids in WORKDIR's ``chosen.json`` are run. The
directory holds ``outcome.json`` and ``inner/reports.jsonl`` afterwards.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from restoreproof.components.keycloak import user_cache
from restoreproof.runtimes.host.privileges import as_ordinary_user
from restoreproof.runtimes.process.isolation import SandboxControl
from restoreproof.runtimes.process.launch import DrillSandbox

ROOT = Path(__file__).resolve().parents[2]
INI = """[pytest]
addopts = --strict-markers --strict-config --import-mode=importlib -p no:cacheprovider --tb=short
filterwarnings = error
"""


def main(workdir: Path, cache: Path, arguments: list[str]) -> int:
    if os.geteuid() == 0:
        return as_ordinary_user([sys.executable, *sys.argv], [workdir, cache], [ROOT])
    user_cache.ensure(cache, print)
    inner = workdir / "inner"
    inner.mkdir()
    (inner / "pytest.ini").write_text(INI)
    shutil.copyfile(workdir / "chosen.json", inner / "chosen.json")
    read_fd, write_fd = os.pipe()
    with SandboxControl() as control, planted_at_home() as planted:
        outside = [asdict(result) for result in control.probe_outside()]
        process = DrillSandbox(inner, read=[ROOT, cache], services={}).launch(
            [
                sys.executable,
                "-m",
                "pytest",
                "-c",
                str(inner / "pytest.ini"),
                f"--rootdir={ROOT}",
                f"--confcutdir={ROOT}",
                "-p",
                "tests.sandbox.inside",
                f"--basetemp={inner / 'tmp'}",
                *arguments,
            ],
            {
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "RESTOREPROOF_PATIENCE": os.environ.get("RESTOREPROOF_PATIENCE", "2"),
                "INSIDE_TARGETS": json.dumps(control.targets),
                "INSIDE_PLANTED": str(planted),
                "INSIDE_CACHE": str(cache),
                "INSIDE_WORK": str(inner),
                "INSIDE_PIPE": str(write_fd),
            },
            pass_fds=[write_fd],
        )
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as pipe:
            said = pipe.read().decode()
        code = process.wait()
        outcome = {"code": code, "outside": outside, "from_inside": control.from_inside(), "pipe": said}
    (workdir / "outcome.json").write_text(json.dumps(outcome))
    return code


@contextmanager
def planted_at_home():
    """A file in the user's home that nothing in the sandbox may see."""
    path = Path.home() / f".restoreproof-planted-{secrets.token_hex(4)}"
    path.write_text("this must not be readable inside")
    try:
        yield path
    finally:
        path.unlink()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))

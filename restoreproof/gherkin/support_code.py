"""The code that checks run: plain tests; ``steps/``, ``fixtures/``, ``conftest.py`` beside the features."""

from __future__ import annotations

import hashlib
import importlib
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

import restoreproof
from restoreproof.doors import place_of
from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.plain_tests import read_module

PACKAGES = ("steps", "fixtures")
"""Directories beside the features whose modules a drill loads, in this order."""


def support_files(features: Path) -> list[Path]:
    """Every file besides the features that a drill's checks may come from, sorted.

    These are what lies below ``features`` and is no feature, and ``conftest.py``, ``steps/`` and
    ``fixtures/`` beside it; what Python itself caches is left out.
    """
    home = features if features.is_dir() else features.parent
    root = home.parent
    below = [path for place in (home, *(root / name for name in PACKAGES)) for path in place.rglob("*")]
    return sorted(
        path
        for path in (*below, root / "conftest.py")
        if path.is_file() and path.suffix not in (".feature", ".pyc") and "__pycache__" not in path.parts
    )


def support_digest(features: Path) -> str | None:
    """SHA-256 (hex) over the sorted paths and bytes of ``support_files``; None if there are none."""
    files = support_files(features)
    root = (features if features.is_dir() else features.parent).parent
    return digest_of([(path.relative_to(root).as_posix(), path) for path in files]) if files else None


def digest_of(files: list[tuple[str, Path]]) -> str:
    """SHA-256 (hex) over names and bytes of ``files``, in the order given."""
    digest = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        digest.update(f"{len(name.encode())} {name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def support_modules(root: Path) -> tuple[str, ...]:
    """The modules of ``steps/`` and then of ``fixtures/`` below ``root``, as they are imported from it.

    A module whose name begins with an underscore is one that others import, and not named here.
    """
    return tuple(
        f"{package}.{path.stem}" for package in PACKAGES for path in sorted((root / package).glob("[!_]*.py"))
    )


def step_modules(root: Path) -> tuple[str, ...]:
    """The modules of ``steps/`` below ``root``: a stack's own phrases."""
    return tuple(name for name in support_modules(root) if name.startswith("steps."))


def uncovered_files(root: Path, covered: Sequence[Path]) -> list[Path]:
    """Return the files of the project ``root`` that this process imported and no digest of the plan covers.

    In the drill sandbox they are not even there; a runtime without one sees the whole project. What is
    installed, and restoreproof itself, is not the project's.
    """
    others = [Path(sys.prefix).resolve(), Path(restoreproof.__file__).resolve().parent, *covered]
    files = {Path(file).resolve() for module in list(sys.modules.values()) if (file := _file_of(module))}
    return sorted(
        file
        for file in files
        if file.is_relative_to(root) and not any(file.is_relative_to(place) for place in others)
    )


def _file_of(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def import_failure(error: BaseException, path: Path, root: Path) -> FeatureError:
    """Return the error that names the file below ``root``, the line and the cause of a failed import.

    Args:
        error: what was raised while ``path`` was imported, or what pytest made of that.
        path: the file that was to be imported.
        root: the directory that holds the features; the name of the file is relative to it.
    """
    # pytest wraps what was raised, in one error or another.
    wrapped = type(error).__module__.startswith("_pytest") or "Error importing plugin" in str(error)
    cause = (error.__cause__ if wrapped else None) or error
    place = place_of(cause, path, [root / name for name in (*PACKAGES, "conftest.py")])
    file = Path(place.file).resolve()
    name = str(file.relative_to(root.resolve())) if file.is_relative_to(root.resolve()) else place.file
    message = f"can't be imported: {type(cause).__name__}: {cause}"
    return FeatureError(message, where=Location(name, place.line), hint="mend it, or take it out")


def load_support_modules(config: pytest.Config, modules: Sequence[str], root: Path) -> None:
    """Make the phrases and fixtures of ``modules`` known to pytest, with assertions rewritten as in tests.

    Args:
        config: pytest's.
        modules: their names, as ``support_modules`` gives them.
        root: the directory that they are imported from.

    Raises:
        pytest.UsageError: one raised when it was imported, or skipped itself; with file and line.
    """
    for module in modules:
        file = f"{module.replace('.', '/')}.py"
        try:
            config.pluginmanager.import_plugin(module)
        except (Exception, SystemExit) as error:  # what a person's module raises can be anything
            failure = import_failure(error, root / file, root)
            raise pytest.UsageError(f"{failure.where}: {failure.message}") from error
        if not config.pluginmanager.has_plugin(module):
            raise pytest.UsageError(f"{file}: skips itself, and what checks need would be missing")


def import_support_code(root: Path) -> None:
    """Import what a drill loads beside the features of ``root``, whose directory is on the module path.

    That is ``steps/``, ``fixtures/`` and ``conftest.py``: a mistake in one of them would end a drill after
    its set was read.

    Raises:
        FeatureError: one raised when it was imported; with file and line.
    """
    conftest = root / "conftest.py"
    files = [(name, root / f"{name.replace('.', '/')}.py") for name in support_modules(root)]
    for name, path in [*files, *([("conftest", conftest)] if conftest.is_file() else [])]:
        try:
            if name == "conftest":
                runpy.run_path(str(path), run_name=name)
            else:
                importlib.import_module(name)
        except (Exception, SystemExit, pytest.skip.Exception) as error:  # likewise
            raise import_failure(error, path, root) from error


def refuse_unreadable_code(features: Path) -> None:
    """Raise FeatureError, with file and line, if a file of ``support_files`` is no Python; none is run."""
    root = (features if features.is_dir() else features.parent).parent
    for path in support_files(features):
        if path.suffix == ".py":
            read_module(path, path.relative_to(root).as_posix())

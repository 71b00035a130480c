"""What is installed beside the library: declared where it is imported, missed by name where it is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.extras import Extra

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OF_AN_EXTRA = {
    "process": ("restoreproof/runtimes/", "restoreproof/components/"),
    "compose": ("restoreproof/runtimes/compose/",),
    "pdf": ("restoreproof/views/pdf.py",),
    "allure": ("restoreproof/views/allure/",),
}
"""Where what an extra installs may be imported; everything else has to be in the core."""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {normalized(re.split(r"[\[<>=! ;]", requirement)[0]) for requirement in requirements}


def imports_of(path: Path) -> set[str]:
    """The top-level modules that a file imports, at any depth of it, but for type checkers alone."""
    roots: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            roots |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            roots.add(node.module.partition(".")[0])
    return roots - sys.stdlib_module_names - {"restoreproof"}


def test_every_import_is_of_a_distribution_that_the_right_extra_declares() -> None:
    distributions = packages_distributions() | {"_pytest": ["pytest"]}
    core = declared(PROJECT["dependencies"])
    by_extra = {name: declared(wanted) for name, wanted in PROJECT["optional-dependencies"].items()}
    undeclared = []
    seen: set[str] = set()
    for path in sorted((ROOT / "restoreproof").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        allowed = core.union(
            *(by_extra[extra] for extra, rooms in OF_AN_EXTRA.items() if place.startswith(rooms))
        )
        for module in imports_of(path):
            owners = {normalized(name) for name in distributions.get(module, [module])}
            seen |= owners
            if not owners & allowed:
                undeclared.append(f"{place} imports {module} of {', '.join(sorted(owners))}")
    assert seen & core, "the scan found nothing"
    assert not undeclared
    assert not core - seen - {"psycopg"}, "declared, and imported nowhere"


def test_every_extra_is_declared_and_installed_here() -> None:
    assert set(OF_AN_EXTRA) <= set(PROJECT["optional-dependencies"])


def test_a_missing_extra_is_named_with_what_installs_it() -> None:
    extra = Extra("process", ("json", "no_such_module_here"))
    assert extra.absent() == ("no_such_module_here",)
    with pytest.raises(EnvironmentUnfitError) as refused:
        extra.require("the process runtime")
    assert str(refused.value) == (
        "the process runtime needs restoreproof[process], and no_such_module_here is not installed\n"
        '  next: pip install "restoreproof[process]"'
    )


def test_an_installed_extra_is_not_missed() -> None:
    present = Extra("x", ("json",))
    assert present.absent() == ()
    present.require("anything")


BARE = """
import sys
from restoreproof import extras
extras.find_spec = lambda module: None
from restoreproof.cli import main
sys.argv = ["restoreproof", "doctor", *sys.argv[1:]]
main()
"""


def test_doctor_says_which_views_are_reduced(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", BARE, "--cache", str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert '– drill.pdf can\'t be made in full; next: pip install "restoreproof[pdf]"' in done.stdout
    assert "– allure-report.html can't be made in full" in done.stdout

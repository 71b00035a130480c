"""What an inner sandbox holds beside the harness: the contract's paths, and pytest's settings."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from restoreproof.contract import Contract

PLUGIN = "restoreproof.plugin"
PYTEST_INI = """[pytest]
addopts = --strict-markers --strict-config --import-mode=importlib --tb=short -p no:cacheprovider
python_files = test_*.py *_test.py
python_classes = Test
python_functions = test
norecursedirs = __pycache__ .hypothesis
xfail_strict = true
filterwarnings =
    error
    default::pytest.PytestUnraisableExceptionWarning
"""
"""A drill does not depend on how somebody configured pytest for their own tests.

What is collected as a test is what ``gherkin.plain_tests`` plans.
"""


def plugin_options() -> list[str]:
    """Return the options that load every installed pytest plugin by its name, ours among them.

    With pytest's own search for plugins off: it would rewrite the assertions of each distribution that has
    one, and so compile all of restoreproof anew at the start of each drill.
    """
    names = dict.fromkeys(entry.name for entry in entry_points(group="pytest11"))
    return [option for name in (*names, *([] if PLUGIN in names else [PLUGIN])) for option in ("-p", name)]


def readable(contract: Contract, *paths: Path) -> list[Path]:
    """What the sandbox has to see: the given paths, and what the contract's relative paths name."""
    found = [contract.directory, *paths]
    for service in contract.services.values():
        if venv := service.options().get("venv"):
            found.append((contract.directory / str(venv)).resolve())
    releases = contract.releases.model_dump(exclude_none=True) if contract.releases else {}
    return [*found, *(contract.release_directory(name) for name in releases)]

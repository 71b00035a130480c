"""What an inner sandbox holds beside the harness: the contract's paths, and pytest's settings."""

from __future__ import annotations

from pathlib import Path

from restoreproof.contract import Contract

PYTEST_INI = """[pytest]
addopts = --strict-markers --strict-config --import-mode=importlib --tb=short -p no:cacheprovider
python_files = test_*.py *_test.py
python_classes = Test
python_functions = test
norecursedirs = __pycache__
xfail_strict = true
filterwarnings =
    error
    default::pytest.PytestUnraisableExceptionWarning
"""
"""A drill does not depend on how somebody configured pytest for their own tests.

What is collected as a test is what ``gherkin.plain_tests`` plans.
"""


def readable(contract: Contract, *paths: Path) -> list[Path]:
    """What the sandbox has to see: the given paths, and what the contract's relative paths name."""
    found = [contract.directory, *paths]
    for service in contract.services.values():
        if venv := service.options().get("venv"):
            found.append((contract.directory / str(venv)).resolve())
    releases = contract.releases.model_dump(exclude_none=True) if contract.releases else {}
    return [*found, *(contract.release_directory(name) for name in releases)]

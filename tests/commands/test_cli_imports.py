"""What a command line imports before it knows what to do: its own options, and nothing that a drill needs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIGHT = {"cli", "display", "errors", "outcome", "private_files", "runtimes", "sealing"}
"""The rooms of the package that options are made of; below the last two, nothing but what is named next."""
BELOW = {"restoreproof.runtimes", "restoreproof.sealing", "restoreproof.sealing.decision"}
HEAVY = {
    *(
        "ahocorasick_rs",
        "allure_commons",
        "asyncio",
        "boto3",
        "botocore",
        "crossplane",
        "cryptography",
        "docker",
        "gherkin",
    ),
    *("httpx", "jinja2", "keycloak", "obstore", "psutil", "psycopg", "pydantic", "pyrage", "pytest"),
    *(
        "pytest_bdd",
        "rfc8785",
        "ruamel",
        "securesystemslib",
        "tenacity",
        "testcontainers",
        "typst",
        "urllib3",
    ),
}
EVERY_HELP = """
import sys
from typer.testing import CliRunner
from restoreproof.cli import app
for command in app.registered_commands:
    name = command.name or command.callback.__name__
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0, name
"""
STEPPING_DOWN = """
import os, sys
from restoreproof import cli
from restoreproof.runtimes.host import privileges
os.geteuid = lambda: 0
privileges.the_same_as_ordinary_user = lambda *_: 3
sys.argv = ["restoreproof", "drill", "stack.yaml"]
cli.main()
"""


def imported(*arguments: str, cwd: Path = ROOT, **environment: str) -> tuple[int, str, set[str]]:
    """The exit code, the output and the modules that Python imported for ``arguments``."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return done.returncode, done.stdout, {line.rpartition("|")[2].strip() for line in lines}


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("restoreproof.")}


def refuse_heavy(modules: set[str], allowed: set[str]) -> None:
    """Fail if anything of a drill was imported, but for the packages that are ``allowed``."""
    assert "restoreproof.cli.app" in modules
    assert not {name for name in modules if name.partition(".")[0] in HEAVY - allowed}
    assert rooms(modules) <= LIGHT
    assert {name for name in modules if name.startswith(("restoreproof.r", "restoreproof.s"))} <= BELOW


@pytest.mark.parametrize(
    ("arguments", "words", "allowed"),
    [
        (("-m", "restoreproof.cli", "--help"), "Usage:", set()),
        (("-m", "restoreproof.cli", "--version"), "restoreproof 0.", set()),
        (("-c", EVERY_HELP), "", {"pydantic"}),  # typer's own, for the values of a command's options
    ],
    ids=["help", "version", "help of every command"],
)
def test_what_only_reads_options_imports_nothing_of_a_drill(
    arguments: tuple[str, ...], words: str, allowed: set[str]
) -> None:
    code, output, modules = imported(*arguments)
    assert code == 0, output
    assert words in output
    refuse_heavy(modules, allowed)


def test_help_is_there_in_three_tenths_of_a_second() -> None:
    """Of processor time, which other work on the machine does not stretch; the best of three."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "restoreproof.cli", "--help"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=60,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.3


@pytest.mark.parametrize(
    ("words", "wanted"), [("restoreproof dr", "drill"), ("restoreproof drill --ru", "--runtime")]
)
def test_a_shell_completes_commands_and_options(words: str, wanted: str) -> None:
    code, output, modules = imported(
        str(Path(sys.executable).with_name("restoreproof")),
        _RESTOREPROOF_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
    )
    assert (code, output.split()) == (0, [wanted])
    refuse_heavy(modules, {"pydantic"})


def test_root_becomes_an_ordinary_user_before_anything_of_a_drill_is_imported(tmp_path: Path) -> None:
    code, output, modules = imported(
        "-c", STEPPING_DOWN, cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache")
    )
    assert code == 3, output
    assert "restoreproof.cli.ordinary_user" in modules
    assert not rooms(modules) & {"faults", "gherkin", "drill", "record", "views", "checks"}
    assert "pytest" not in modules

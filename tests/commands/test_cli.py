"""The command line teaches, refuses in plain words, and keeps its JSON to itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof import cli
from restoreproof.cli import app, ordinary_user
from restoreproof.errors import ContractError, ExitCode, UsageError
from restoreproof.runtimes.host import privileges

ROOT = Path(__file__).parents[2]
CONTRACT = str(ROOT / "compose/wipe/stack.yaml")
COMMANDS = sorted(command.name or str(command.callback.__name__) for command in app.registered_commands)  # type: ignore[union-attr]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command as somebody types it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    argv = [sys.executable, "-m", "restoreproof.cli", *arguments]
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_every_command_is_known_here() -> None:
    assert COMMANDS == [
        "adopt",
        "backup",
        "compare",
        "doctor",
        "drill",
        "faults",
        "keygen",
        "lint",
        "mend-ledger",
        "report",
        "seal",
        "show",
        "sign-catalogue",
        "sign-off",
        "up",
        "verify",
    ]


@pytest.mark.parametrize("command", [[], *([one] for one in COMMANDS)])
def test_help_teaches_every_command_and_option(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--help"], terminal_width=200)
    assert done.exit_code == 0
    assert "Usage:" in done.output
    described = [line for line in done.output.splitlines() if line.strip().startswith("-")]
    unexplained = [line for line in described if len(line.split("  ")) < 2 or not line.rstrip()[-1].isalnum()]
    assert not [line for line in unexplained if line.rstrip().endswith(("PATH", "TEXT"))], done.output


def test_the_exit_codes_are_told() -> None:
    said = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert "0 VERIFIED, 1 FAILED, 2 could not start, 3 NOT VERIFIED or PARTIAL, 4 no trustworthy" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command"),
        (["lint", "none.yaml"], "can't read the contract"),
        (["lint", "/etc"], "can't read the contract"),
        (["lint", CONTRACT, "--features", "/none"], "/none"),
        (["show", "/none", "--contract", CONTRACT], "there is no backup set here"),
        (["lint", "README.md"], "README.md"),
    ],
)
def test_what_can_not_start_ends_with_2_in_plain_words(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == ExitCode.COULD_NOT_START, done.stderr
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["drill"], "Missing argument"),
        (["drill", CONTRACT, "--nonsense"], "No such option"),
        (["backup", CONTRACT, "--size", "huge"], "'huge' is not one of 'default', 'small'"),
    ],
)
def test_a_command_that_runs_a_stack_refuses_what_it_does_not_know(arguments: list[str], words: str) -> None:
    # Not by ``run``: under root these give the checkout's var and reports to another user first.
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == ExitCode.COULD_NOT_START
    assert words in done.output


def test_an_unknown_runtime_is_refused_before_anything_starts() -> None:
    done = CliRunner().invoke(app, ["drill", CONTRACT, "--runtime", "podman"])
    assert "there is no runtime 'podman'" in str(done.exception)


@pytest.mark.parametrize("command", ["lint", "faults"])
def test_no_stack_is_taken_for_granted(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [command])
    assert "stack.yaml: can't read the contract" in str(done.exception)


def test_doctor_refuses_a_contract_that_is_named_and_not_there() -> None:
    done = run("doctor", "none.yaml")
    assert done.returncode == ExitCode.COULD_NOT_START
    assert "can't read the contract" in done.stderr


@pytest.mark.parametrize("arguments", [["lint", CONTRACT], ["faults", CONTRACT], ["doctor"]])
def test_json_is_one_document_and_nothing_else(arguments: list[str]) -> None:
    done = run(*arguments, "--json")
    assert isinstance(json.loads(done.stdout), list), done.stderr


def test_the_findings_of_lint_are_one_document_too(tmp_path: Path) -> None:
    feature = tmp_path / "features" / "some.feature"
    feature.parent.mkdir()
    text = "@at:database\nFeature: F\n" + "  Scenario: Same\n    When the restored queues are reviewed\n" * 2
    feature.write_text(text)
    done = run("lint", CONTRACT, "--features", str(feature.parent), "--json")
    assert done.returncode == ExitCode.COULD_NOT_START
    findings = json.loads(done.stdout)
    assert any("Same" in one for one in findings)
    assert all(feature.name in one or "[unbound-noun]" in one for one in findings)


def test_lint_names_what_a_runtime_objects_to_with_its_line(tmp_path: Path) -> None:
    """Where PostgreSQL has its data in a container, the contract does not say: the runtime does."""
    (tmp_path / "stack.yaml").write_text(Path(CONTRACT).read_text().replace("../../", f"{ROOT}/"))
    shutil.copyfile(Path(CONTRACT).parent / "runbook.md", tmp_path / "runbook.md")
    shutil.copytree(Path(CONTRACT).parent / "docker", tmp_path / "docker")
    named, bound = "- postgres-data:/var/lib/postgresql", "- ./pgdata:/var/lib/postgresql"
    text = (Path(CONTRACT).parent / "compose.yaml").read_text().replace(named, bound)
    (tmp_path / "compose.yaml").write_text(text)
    done = run("lint", str(tmp_path / "stack.yaml"), "--features", str(ROOT / "features"), "--json")
    assert done.returncode == ExitCode.COULD_NOT_START
    line = text[: text.index(bound)].count("\n")
    [found] = json.loads(done.stdout)
    assert found.startswith(f"{tmp_path}/compose.yaml:{line}: service 'postgres' has its data")
    assert found.endswith("[compose]")


def test_lint_says_what_a_runtime_would_refuse(tmp_path: Path) -> None:
    block = "external: {marker: $NONCE, services: {postgres: {address: db.example, port: 5432}}}\n"
    contract = tmp_path / "stack.yaml"
    contract.write_text(Path(CONTRACT).read_text() + block)
    done = run("lint", str(contract), "--json")
    assert done.returncode == ExitCode.COULD_NOT_START, done.stderr
    [said] = [one for one in json.loads(done.stdout) if one.endswith("[external]")]
    assert "external.services.postgres: it holds data, and without an administrator" in said
    assert said.startswith(f"{contract}:{len(contract.read_text().splitlines())}: ")


def test_lint_knows_the_phrases_that_stand_beside_the_features(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "own_phrases.py").write_text(
        "from pytest_bdd import then, when\n\n\n@when('our own look is taken')\ndef look():\n    pass\n\n\n"
        "@then('our own word is said')\ndef say():\n    pass\n"
    )
    feature = "@at:database\nFeature: F\n  Scenario: S\n    When our own look is taken\n"
    path = tmp_path / "features" / "own.feature"
    path.write_text(feature + "    Then our own word is said\n")
    # One feature does not speak of everything in the reference contract; of its own words nothing is amiss.
    done = run("lint", CONTRACT, "--features", str(path.parent), "--json")
    assert all("[unbound-noun]" in one for one in json.loads(done.stdout)), done.stdout
    path.write_text(feature + "    Then another word is said\n")
    done = run("lint", CONTRACT, "--features", str(path.parent), "--json")
    assert done.returncode == ExitCode.COULD_NOT_START
    amiss = [one for one in json.loads(done.stdout) if "[unbound-noun]" not in one]
    assert [one.partition(": ")[0] for one in amiss] == ["own.feature:5", "steps/own_phrases.py:9"]


@pytest.mark.parametrize("file", ["steps/own.py", "fixtures/own.py", "conftest.py"])
def test_lint_names_code_that_raises_on_import_with_its_line(tmp_path: Path, file: str) -> None:
    feature = tmp_path / "features" / "rows" / "one.feature"
    feature.parent.mkdir(parents=True)
    feature.write_text("Feature: One\n")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("import os\n\nraise ValueError('no such thing')\n")
    done = run("lint", CONTRACT, "--features", str(tmp_path / "features"))
    assert done.returncode == ExitCode.COULD_NOT_START
    assert f"{file}:3: can't be imported: ValueError: no such thing" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_lint_names_a_glob_of_controls_that_matches_no_check(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(Path(CONTRACT).read_text().replace("../../", f"{ROOT}/"))
    for name in ("runbook.md", "compose.yaml"):
        shutil.copyfile(Path(CONTRACT).parent / name, tmp_path / name)
    text = (Path(CONTRACT).parent / "controls.toml").read_text()
    (tmp_path / "controls.toml").write_text(text.replace('"backup/tables"', '"backup/tabels"', 1))
    line = text[: text.index('"backup/tables"')].count("\n") + 1
    done = run("lint", str(tmp_path / "stack.yaml"), "--features", str(ROOT / "features"), "--json")
    assert done.returncode == ExitCode.COULD_NOT_START
    [finding] = [one for one in json.loads(done.stdout) if "[controls]" in one]
    assert finding.startswith(f"{tmp_path / 'controls.toml'}:{line}: ")
    assert "no check is called 'backup/tabels'" in finding
    assert "did you mean 'backup/tables'?" in finding


def test_keygen_writes_for_its_owner_and_never_twice(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "recovery.txt"
    first = run("keygen", str(path))
    assert first.returncode == 0
    assert "age1" in first.stdout
    assert "AGE-SECRET-KEY" not in first.stdout + first.stderr
    before = path.read_text()
    again = run("keygen", str(path))
    assert again.returncode == ExitCode.COULD_NOT_START
    assert "is not overwritten" in again.stderr
    assert path.read_text() == before
    assert path.stat().st_mode & 0o077 == 0


def test_doctor_says_each_thing_with_its_mark() -> None:
    done = run("doctor")
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert {line[0] for line in lines if line[0] in "✔✘"}
    missing = any(line.startswith("✘") for line in lines)
    assert done.returncode == (ExitCode.NOT_VERIFIED if missing else ExitCode.VERIFIED)


def test_doctor_says_of_a_contract_without_a_foreign_target_that_there_is_none() -> None:
    done = run("doctor", CONTRACT, "--runtime", "external")
    assert "✘ external target: the contract has no external: block" in done.stdout
    assert done.returncode == ExitCode.NOT_VERIFIED


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ContractError("no", hint="do this"), 2, "next: do this"),
        (PermissionError(13, "Permission denied", "/etc/x"), 4, "/etc/x"),
        (KeyboardInterrupt(), 3, "interrupted"),
    ],
)
def test_every_failure_on_purpose_has_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        cli._run(fail)
    assert ended.value.code == code
    assert words in " ".join(capsys.readouterr().err.split())


def test_only_commands_that_run_a_stack_give_root_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    def instead(module: str, arguments: list[str], writable: list[Path], readable: list[Path]) -> int:
        asked.append([module, *arguments])
        return 3

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(privileges, "the_same_as_ordinary_user", instead)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for arguments in (["lint", "x"], ["doctor"], ["drill", "--help"], []):
        assert ordinary_user.step_down(["restoreproof", *arguments], tmp_path / "cache") is None
    for name in ("drill", "backup", "up"):
        assert ordinary_user.step_down(["restoreproof", name, "x"], tmp_path / "cache") == 3
        assert asked[-1][-2:] == [name, "x"]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert ordinary_user.step_down(["restoreproof", "drill", "x"], tmp_path / "cache") is None


def test_root_gives_away_the_directories_it_names_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[Path] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        privileges,
        "the_same_as_ordinary_user",
        lambda module, arguments, writable, readable: given.extend(writable) or 0,
    )
    argv = [
        "restoreproof",
        "drill",
        "x",
        "--var",
        str(tmp_path / "elsewhere"),
        f"--reports={tmp_path / 'kept'}",
    ]
    assert ordinary_user.step_down(argv, tmp_path / "cache") == 0
    assert given == [tmp_path / "elsewhere", tmp_path / "kept", tmp_path / "cache"]
    (tmp_path / "kept" / "somebody's letters").touch()
    with pytest.raises(UsageError, match="somebody's letters"):
        ordinary_user.step_down(argv, tmp_path / "cache")


@pytest.fixture
def own_directory() -> Iterator[Path]:
    """A working directory that others may enter, as they may not pytest's own, and not the checkout:
    what a command run by root finds in its ``var`` and ``reports`` it gives to the ordinary user."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    shutil.copytree(ROOT / "features", path / "features")
    for name in ("stack.yaml", "runbook.md"):
        shutil.copy(Path(CONTRACT).with_name(name), path)
    yield path
    shutil.rmtree(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="says what happens under root")
def test_under_root_a_drill_is_run_by_somebody_else(own_directory: Path) -> None:
    done = run("drill", "stack.yaml", "--set", "none", cwd=own_directory)
    assert done.returncode == ExitCode.COULD_NOT_START, done.stderr
    assert "there is no backup set here" in done.stderr
    for name in ("var", "reports"):
        assert (own_directory / name).stat().st_uid != 0

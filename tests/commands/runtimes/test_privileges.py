"""Root becomes an ordinary user for good, and what is root's stays out of reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.runtimes.host import privileges
from restoreproof.runtimes.host.privileges import (
    NOBODY_IN_PARTICULAR,
    as_ordinary_user,
    the_same_as_ordinary_user,
)

ROOT = Path(__file__).resolve().parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")

CALL = [
    sys.executable,
    "-c",
    "import sys; from pathlib import Path\n"
    "from restoreproof.runtimes.host.privileges import as_ordinary_user\n"
    "sys.exit(as_ordinary_user(sys.argv[3:], [Path(sys.argv[1])], [Path(sys.argv[2])]))",
]

LOOK = """
import json, os, pathlib, sys
def can(call, *arguments):
    try:
        call(*arguments)
        return True
    except OSError:
        return False
print(json.dumps({
    "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "back": can(os.setuid, 0),
    "secret": can(pathlib.Path(sys.argv[1]).read_text),
    "shadow": can(pathlib.Path("/etc/shadow").read_text),
    "shown": pathlib.Path(sys.argv[2]).read_text(),
    "home": can((pathlib.Path.home() / "written").write_text, "x"),
    "caps": [line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")],
}))
"""


@as_root
def test_everything_of_root_is_given_up(tmp_path: Path) -> None:
    secret, shown, writable = Path("/root/.restoreproof-test"), tmp_path / "shown", tmp_path / "var"
    secret.write_text("root's own")
    shown.write_text("a release below a private directory")
    out = tmp_path / "out.json"
    try:
        with out.open("w") as file:
            subprocess.run(
                [*CALL, str(writable), str(shown), sys.executable, "-c", LOOK, str(secret), str(shown)],
                stdout=file,
                env={key: value for key, value in os.environ.items() if not key.startswith("SUDO_")},
                cwd=ROOT,
                check=True,
            )
    finally:
        secret.unlink()
    seen = json.loads(out.read_text())
    assert set(seen["ids"]) == {NOBODY_IN_PARTICULAR}
    assert (seen["back"], seen["secret"], seen["shadow"]) == (False, False, False)
    assert seen["shown"] == "a release below a private directory"
    assert seen["home"] is True
    assert set(seen["caps"]) == {"0000000000000000"}


@as_root
def test_the_exit_code_and_a_signal_pass_through(tmp_path: Path) -> None:
    assert as_ordinary_user(["sh", "-c", "exit 7"], [tmp_path / "var"]) == 7
    command = ["sh", "-c", "trap 'exit 9' TERM; echo up; sleep 600 & wait"]
    with subprocess.Popen(
        [*CALL, str(tmp_path / "var"), str(ROOT), *command], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 9


@as_root
def test_a_hard_link_to_a_file_of_root_is_not_given_away(tmp_path: Path) -> None:
    kept, writable = tmp_path / "kept", tmp_path / "var"
    kept.write_text("root's")
    writable.mkdir()
    (writable / "own").write_text("theirs")
    (writable / "alias").hardlink_to(kept)
    (writable / "link").symlink_to(kept)
    assert as_ordinary_user(["true"], [writable]) == 0
    assert kept.stat().st_uid == 0
    assert (writable / "own").stat().st_uid == NOBODY_IN_PARTICULAR


@pytest.mark.skipif(os.geteuid() == 0, reason="says what happens to an ordinary user")
def test_an_ordinary_user_has_nothing_to_give_up(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfitError, match="only root"):
        as_ordinary_user(["true"], [tmp_path])


@as_root
def test_a_checkout_that_only_root_can_read_is_named(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir(mode=0o700)
    with pytest.raises(EnvironmentUnfitError, match=r"readable for root alone.*\n  next: `chmod"):
        as_ordinary_user(["true"], [tmp_path / "var"], [checkout])


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that everybody may enter, on a machine whose kernel refuses root a namespace.

    The tests' own interpreter may lie in root's home; the system's is where everybody finds it.
    """
    monkeypatch.setattr(privileges, "_granted", lambda options: False)
    monkeypatch.setattr(privileges, "harness_read", lambda: ())
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@as_root
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "by a link"])
def test_without_a_namespace_what_lies_below_a_private_directory_is_named(
    refused: Path, linked: bool
) -> None:
    private, var = refused / "root", refused / "var"
    (private / "project" / "checkout").mkdir(parents=True)
    private.chmod(0o700)
    given = private / "project" / "checkout"
    if linked:
        (refused / "link").symlink_to(given)
        given = refused / "link"
    told = rf"{given} is out of reach: only the owner may enter {private}, .*\n  next: `chmod o\+x {private}`"
    with pytest.raises(EnvironmentUnfitError, match=told):
        as_ordinary_user(["true"], [var], [given])
    assert not var.exists(), "nothing was given away"
    with pytest.raises(EnvironmentUnfitError, match=f"{private / 'var'} is out of reach"):
        as_ordinary_user(["true"], [private / "var"], [refused])


@as_root
def test_without_a_namespace_what_that_user_may_reach_is_reached(refused: Path) -> None:
    shown = refused / "shown"
    shown.mkdir()
    (shown / "file").write_text("open")
    assert as_ordinary_user(["grep", "-q", "open", str(shown / "file")], [refused / "var"], [shown]) == 0


SAYING = [["json.tool", "--help"], ["py_compile", "/nonexistent"], ["json.tool", "--no-such-option"]]


@as_root
def test_what_the_command_says_comes_back_and_nothing_else_can_say_1(tmp_path: Path) -> None:
    var = [tmp_path / "var"]
    assert [the_same_as_ordinary_user(module, more, var) for module, *more in SAYING] == [0, 1, 2]
    with pytest.raises(RestoreproofError, match="nothing is said of the backup") as error:
        the_same_as_ordinary_user("no_such_module", [], var)
    assert error.value.exit_code == 4


@as_root
def test_an_interpreter_that_does_not_start_is_no_failed_backup(
    refused: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = [refused / "var"]
    assert [the_same_as_ordinary_user(module, more, var) for module, *more in SAYING] == [0, 1, 2]
    monkeypatch.setenv("PYTHONHOME", str(refused))
    with pytest.raises(RestoreproofError, match=r"did not end properly \(1\)") as error:
        the_same_as_ordinary_user("json.tool", ["--help"], var)
    assert error.value.exit_code == 4

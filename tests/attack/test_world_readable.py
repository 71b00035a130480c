"""Nobody else on the machine reads a set, a catalogue, a key or the orders of a drill, whatever the umask."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof.waiting import NotReady, wait_until
from tests.workshop import CONTRACT, ROOT, Workshop

OPEN = ["sh", "-c", 'umask 0; exec "$@"', "sh"]
"""Runs a command with a umask that keeps nothing from anybody."""


def readable_by_others(*paths: Path) -> list[str]:
    """What of ``paths``, and below them, another user could open or list."""
    every = [one for path in paths for one in (path, *path.rglob("*")) if not one.is_symlink()]
    assert every
    return [str(one) for one in every if stat.S_IMODE(one.stat().st_mode) & 0o077]


@pytest.fixture(scope="module")
def var(workshop: Workshop) -> Path:
    """What a backup left that was taken with such a umask."""
    var = workshop.directory / "open-var"
    arguments = workshop.argv("backup", CONTRACT, "--size", "small", "--var", var, "--cache", workshop.cache)
    done = workshop.execute([*OPEN, *arguments])
    assert done.returncode == 0, done.output
    return var


def test_a_set_its_catalogue_and_its_key_are_their_owners_alone(var: Path) -> None:
    made = next(path for path in (var / "sets").iterdir() if not path.is_symlink())
    for name in (
        "keycloak/identity/keycloak.dump",
        "postgres/database/globals.sql",
        "secrets/environment.age",
    ):
        assert (made / name).is_file()
    open_to_others = readable_by_others(var / "sets", var / "catalogue", var / "keys")
    assert [path for path in open_to_others if not path.endswith(".pub")] == [], "a public half is to be read"


def test_an_adopted_set_is_its_owners_alone(var: Path, workshop: Workshop) -> None:
    made = next(path for path in (var / "sets").iterdir() if not path.is_symlink())
    out = workshop.give(workshop.directory / "open-adopted") / "set"
    parts = [f"--{name}={made / name}" for name in ("custody", "proxy", "release")]
    arguments = workshop.argv(
        "adopt", made / "postgres/database/wipe.dump", "--contract", CONTRACT, "--out", out, *parts,
        "--roles", made / "postgres/database/globals.sql",
        "--realm-dump", made / "keycloak/identity/keycloak.dump",
    )  # fmt: skip
    done = workshop.execute([*OPEN, *arguments])
    assert done.returncode == 0, done.output
    assert readable_by_others(out) == []


def test_the_orders_of_a_drill_and_its_controls_are_their_owners_alone(workshop: Workshop) -> None:
    """Looked at while it runs: afterwards nothing of it is there."""
    arguments = workshop.argv(*workshop.drill_arguments(workshop.reports(), "-k", "canary"))
    process = subprocess.Popen(
        [*OPEN, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    run = workshop.var / "run"
    seen: dict[str, int] = {}

    def looked() -> None:
        for path in run.glob("*") if run.is_dir() else ():
            for one in (path, path / "inner.json", path / "logs"):
                if one.exists():
                    seen[one.name if one != path else "workdir"] = stat.S_IMODE(one.stat().st_mode)
        if not {"workdir", "inner.json", "logs"} <= seen.keys():
            raise NotReady("it is not under way yet")

    try:
        wait_until(looked, what="the orders of the drill", deadline_s=60)
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert seen["inner.json"] == 0o600
    assert seen["workdir"] == 0o700, "who may not enter it reads nothing below it"


def test_a_new_key_is_its_owners_alone_and_nobody_else_exchanges_its_public_half(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    for kind, name in (([], "identity.txt"), (["--signing"], "drill.pem")):
        argv = [*OPEN, sys.executable, "-m", "restoreproof.cli", "keygen", str(keys / name), *kind]
        subprocess.run(argv, cwd=ROOT, check=True, timeout=60, stdout=subprocess.DEVNULL)
        assert readable_by_others(keys / name) == []
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert stat.S_IMODE((keys / "drill.pub").stat().st_mode) == 0o644

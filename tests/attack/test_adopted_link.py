"""``adopt`` follows no link, fills no disk, and reads a dump where it can do no harm."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from restoreproof.backups.safe_open import copy_exactly, open_named, refuse_links
from restoreproof.errors import ForeignSetError
from restoreproof.runtimes.process.launch import namespaces_available
from restoreproof.runtimes.process.sandbox import reader_argv
from tests.attack.conftest import AttackersServer
from tests.workshop import CONTRACT, ROOT, Done

SYSTEM = "root:$6$saltsalt$of-the-system"


@pytest.fixture(scope="module")
def dump(attackers_server: AttackersServer) -> bytes:
    return attackers_server.dump("create table users (id int)")


@pytest.fixture
def handed(tmp_path: Path, dump: bytes) -> Path:
    """A directory as somebody hands it over: a dump; a file of the system's is no part of it."""
    handed = tmp_path / "handed"
    handed.mkdir()
    (handed / "wipe.dump").write_bytes(dump)
    (tmp_path / "shadow").write_text(SYSTEM)
    return handed


def adopt(handed: Path, *more: object, dump: str = "wipe.dump") -> tuple[Done, Path]:
    out = handed.parent / "set"
    argv = [
        sys.executable,
        "-m",
        "restoreproof.cli",
        "adopt",
        handed / dump,
        "--contract",
        CONTRACT,
        "--out",
        out,
    ]
    done = subprocess.run(
        [*map(str, argv), *map(str, more)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return Done(done.returncode, done.stdout + done.stderr), out


def refused(done: Done, out: Path) -> None:
    """It ended with a sentence, wrote nothing, and quoted nothing of the system's file."""
    assert done.returncode == 2, done.output
    assert "Traceback" not in done.output
    assert SYSTEM not in done.output
    assert not out.exists()
    assert not list(out.parent.glob(".adopting-*"))


def test_what_is_no_link_is_adopted(handed: Path) -> None:
    done, out = adopt(handed)
    assert done.returncode == 0, done.output
    assert (out / "postgres/database/wipe.dump").read_bytes() == (handed / "wipe.dump").read_bytes()


@pytest.mark.parametrize("option", ["--roles", "--env", "--realm-dump", "dump"])
def test_a_link_in_the_place_of_a_file_is_refused_by_name(option: str, handed: Path) -> None:
    (handed / "link").symlink_to(handed.parent / "shadow")
    done, out = adopt(handed, dump="link") if option == "dump" else adopt(handed, option, handed / "link")
    refused(done, out)
    assert "link" in done.output


@pytest.mark.parametrize("option", ["--custody", "--proxy", "--release", "--objects"])
def test_a_link_in_the_place_of_a_directory_is_refused(option: str, handed: Path) -> None:
    system = handed.parent / "system" / "wipe-proofs"
    system.mkdir(parents=True)
    (system / "release.json").write_text('{"version": "1"}')
    (handed / "link").symlink_to(system.parent if option == "--objects" else system)
    refused(*adopt(handed, option, handed / "link"))


def test_a_bucket_that_is_a_link_is_refused(handed: Path) -> None:
    (handed / "mirror").mkdir()
    (handed / "mirror" / "proofs").symlink_to(handed.parent)
    refused(*adopt(handed, "--objects", handed / "mirror"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link in somebody else's name")
def test_root_follows_nobody_elses_link_on_the_way(handed: Path) -> None:
    (handed.parent / "system").mkdir()
    (handed.parent / "system" / "globals.sql").write_text(SYSTEM)
    (handed / "way").symlink_to(handed.parent / "system")
    os.lchown(handed / "way", 12345, 12345)
    done, out = adopt(handed, "--roles", handed / "way" / "globals.sql")
    refused(done, out)
    assert "uid 12345" in done.output
    with pytest.raises(ForeignSetError, match="uid 12345"):
        refuse_links(handed / "way" / "below")


@pytest.mark.parametrize("place", ["dump", "object"])
def test_a_sparse_file_that_would_fill_the_disk_is_refused_at_once(place: str, handed: Path) -> None:
    sparse = handed / "wipe.dump" if place == "dump" else handed / "mirror" / "proofs" / "large"
    sparse.parent.mkdir(parents=True, exist_ok=True)
    with sparse.open("ab") as file:
        file.truncate(4 * 2**40)
    began = time.monotonic()
    done, out = adopt(handed, *([] if place == "dump" else ["--objects", handed / "mirror"]))
    assert time.monotonic() - began < 60
    refused(done, out)
    assert "when it is copied" in done.output


def test_a_file_that_grows_or_shrinks_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"one")
    for content in (b"one and more", b"o"):
        path.write_bytes(b"one")

        class Changing(io.BytesIO):
            def write(self, piece: object, /, content: bytes = content) -> int:
                path.write_bytes(content)
                return super().write(piece)

        with open_named(path) as source, pytest.raises(ForeignSetError, match="it changed"):
            os.truncate(path, 3 * 2**20)
            copy_exactly(source, Changing(), path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"TOKEN=a\0b\n", "TOKEN holds a NUL"),
        (b"TOKEN=" + b"x" * 200_000 + b"\n", "TOKEN is longer than"),
        (b"".join(b"V%d=%s\n" % (number, b"x" * 1000) for number in range(3000)), "are no environment"),
    ],
)
def test_an_environment_that_no_process_can_be_given_is_refused_in_a_sentence(
    content: bytes, told: str, handed: Path
) -> None:
    (handed / "environment.env").write_bytes(content)
    done, out = adopt(handed, "--env", handed / "environment.env")
    refused(done, out)
    assert told in " ".join(done.output.split())
    assert "xxxx" not in done.output


def test_whatever_reads_a_dump_sees_no_file_of_the_system_and_no_network(tmp_path: Path) -> None:
    if reason := namespaces_available():
        pytest.skip(reason)
    (tmp_path / "private").write_text(SYSTEM)
    looking = (
        f"cat {tmp_path}/private /etc/shadow /etc/hostname; ls /home /root; cat /proc/net/route | tail -n +2"
    )
    done = subprocess.run(
        [*reader_argv(), "sh", "-c", looking], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == ""
    assert done.stderr.count("No such file") == 5, done.stderr

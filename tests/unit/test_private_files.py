"""What is written for its owner is its owner's alone, under a umask that keeps nothing from anybody."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from restoreproof.private_files import (
    close_to_others,
    closed_to_others,
    make_private_directory,
    private_writer,
    write_private,
)


@pytest.fixture(params=[0, 0o777], ids=["nothing withheld", "everything withheld"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_directories_have_their_modes_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    directory = make_private_directory(tmp_path / "private")
    write_private(directory / "file", b"one")
    assert (mode(directory), mode(directory / "file")) == (0o700, 0o600)
    assert (directory / "file").read_bytes() == b"one"


def test_a_file_that_was_open_to_all_is_closed_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o644)
    with private_writer(path) as file:
        assert mode(path) == 0o600
        file.write(b"secret")


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir(0o755)
    with pytest.raises(FileExistsError):
        make_private_directory(tmp_path / "given")
    assert mode(make_private_directory(tmp_path / "given", exist_ok=True)) == 0o755
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private_directory(tmp_path / "file", exist_ok=True)


def test_what_somebody_else_wrote_is_closed_and_no_link_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch(0o644)
    tree = tmp_path / "set"
    (tree / "below").mkdir(parents=True)
    (tree / "below" / "dump").touch(0o644)
    (tree / "link").symlink_to(outside)
    close_to_others(tree)
    assert [mode(tree), mode(tree / "below"), mode(tree / "below" / "dump")] == [0o700, 0o700, 0o600]
    assert mode(outside) == 0o644


def test_a_directory_is_open_again_when_the_block_is_left(tmp_path: Path) -> None:
    directory = tmp_path / "evidence"
    directory.mkdir(0o755)
    with pytest.raises(ValueError, match="broken"), closed_to_others(directory):
        assert mode(directory) == 0o700
        raise ValueError("broken")
    assert mode(directory) == 0o755
    with closed_to_others(directory):
        directory.rename(tmp_path / "quarantine")
    assert mode(tmp_path / "quarantine") == 0o700

"""Generated edits on a sealed directory: `verify` refuses every one, and openssl those of signed bytes."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restoreproof.verifier.formats import ATTESTATION, SUMS
from tests.unit.sealing.recipes import followed
from tests.unit.sealing.sealed import Desk

EDITS = 65
OTHERS = 13
Edit = Callable[[random.Random, Path, list[Path]], str]
"""Damages a directory, given other drills' directories, and says how."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for number in range(OTHERS + 1):
        desk.file(f"d{number}")
    return desk


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def one_of(chance: random.Random, directory: Path) -> Path:
    return chance.choice(files(directory))


def change(chance: random.Random, directory: Path, _: list[Path]) -> str:
    path = one_of(chance, directory)
    data = bytearray(path.read_bytes())
    where = chance.randrange(len(data))
    data[where] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))
    return f"one bit of {path.name} at {where}"


def add(chance: random.Random, directory: Path, _: list[Path]) -> str:
    parent = chance.choice([directory, directory / "logs"])
    name = chance.choice(["", ".", "-", "SHA256SUMS.", "z\n", "é", " "]) + f"{chance.randrange(10**6)}"
    made = parent / name
    if chance.random() < 0.2:
        made.mkdir()
    else:
        made.write_bytes(chance.randbytes(chance.choice([0, 1, 100])))
    return f"{made.name!r} added"


def remove(chance: random.Random, directory: Path, _: list[Path]) -> str:
    path = one_of(chance, directory)
    path.unlink()
    return f"{path.name} removed"


def rename(chance: random.Random, directory: Path, _: list[Path]) -> str:
    path = one_of(chance, directory)
    target = chance.choice([path.parent, directory / "logs"]) / f"{path.stem}-{chance.randrange(1000)}"
    path.rename(target)
    return f"{path.name} renamed to {target.name}"


def truncate(chance: random.Random, directory: Path, _: list[Path]) -> str:
    path = one_of(chance, directory)
    length = chance.randrange(path.stat().st_size)
    os.truncate(path, length)
    return f"{path.name} cut to {length} bytes"


def link(chance: random.Random, directory: Path, _: list[Path]) -> str:
    path, other = one_of(chance, directory), one_of(chance, directory)
    outside = directory.parent / f"outside-{chance.randrange(10**9)}"
    shutil.copyfile(path, outside)
    path.unlink()
    how = chance.choice(["symbolic", "hard", "within", "dangling"])
    match how:
        case "symbolic":
            path.symlink_to(outside)
        case "hard":
            path.hardlink_to(outside)
        case "within":
            shutil.copyfile(outside, path)
            (directory / "linked").symlink_to(other.relative_to(directory))
        case _:
            path.symlink_to(directory / "nowhere")
    return f"{path.name}: {how} link"


def swap(chance: random.Random, directory: Path, _: list[Path]) -> str:
    first, second = chance.sample(files(directory), 2)
    ours, theirs = first.read_bytes(), second.read_bytes()
    first.write_bytes(theirs)
    second.write_bytes(ours)
    return f"{first.name} and {second.name} swapped"


def foreign(chance: random.Random, directory: Path, others: list[Path]) -> str:
    """A whole valid directory of another drill, or just those of its files that vouch for it."""
    other = chance.choice(others)
    replayed = [[ATTESTATION], [SUMS, ATTESTATION], [SUMS, ATTESTATION, "record.json"]]
    names = chance.choice([[], [], *replayed])
    if not names:
        shutil.rmtree(directory)
        shutil.copytree(other, directory)
    for name in names:
        shutil.copyfile(other / name, directory / name)
    return f"{names or 'everything'} of {other.name}"


def signed_bytes(directory: Path) -> tuple[object, ...]:
    """What a signature vouches for, and the signature; anything at all where it can't be read."""
    sums = directory / SUMS
    try:
        told = json.loads((directory / ATTESTATION).read_bytes())
        encoded = (told["payload"], told["signatures"][0]["sig"])
        envelope = (told["payloadType"], *map(base64.b64decode, encoded))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        envelope = ("unreadable",)
    return (sums.read_bytes() if sums.is_file() else None, *envelope)


def openssl_accepts(directory: Path, public: Path, scratch: Path) -> bool:
    """Whether the recipe of docs/verifying.md takes this for the evidence of drill ``d0``."""
    return followed("openssl", directory, public, "d0", scratch).returncode == 0


def damaged(desk: Desk, edit: Edit, scratch: Path) -> Iterator[tuple[Path, str]]:
    chance = random.Random(f"restoreproof {edit.__name__}")
    others = [desk.reports / f"d{number}" for number in range(1, OTHERS + 1)]
    for number in range(EDITS):
        copy = scratch / str(number) / "d0"
        shutil.copytree(desk.reports / "d0", copy)
        yield copy, edit(chance, copy, others)
        shutil.rmtree(copy.parent)


def test_the_directory_that_is_edited_is_authentic_before(desk: Desk, tmp_path: Path) -> None:
    assert desk.verify(desk.reports / "d0").exit_code == 0
    assert openssl_accepts(desk.reports / "d0", desk.public, tmp_path)


@pytest.mark.parametrize("edit", [change, add, remove, rename, truncate, link, swap, foreign])
def test_every_edit_is_refused(desk: Desk, edit: Edit, tmp_path: Path) -> None:
    untouched = signed_bytes(desk.reports / "d0")
    for directory, what in damaged(desk, edit, tmp_path):
        answer = desk.verify(directory)
        assert answer.exit_code == 1, what
        assert answer.findings, what
        if signed_bytes(directory) != untouched:
            assert not openssl_accepts(directory, desk.public, tmp_path), what

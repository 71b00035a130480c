"""The recipes of docs/verifying.md do what the page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from restoreproof.verifier.formats import ATTESTATION, SUMS
from tests.unit.sealing.recipes import followed
from tests.unit.sealing.sealed import Desk

COSIGN = pytest.param(
    "cosign",
    marks=pytest.mark.skipif(
        shutil.which("cosign") is None, reason="cosign is not installed: Debian has it from trixie on"
    ),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("name", ["openssl", COSIGN])
def test_a_recipe_accepts_what_was_sealed_and_left_alone(desk: Desk, name: str, tmp_path: Path) -> None:
    done = followed(name, desk.file("d1"), desk.public, "d1", tmp_path)
    assert done.returncode == 0, done.stderr
    if name == "openssl":
        assert '"result":"PASSED"' in done.stdout


@pytest.mark.parametrize("name", ["openssl", COSIGN])
@pytest.mark.parametrize("edited", [SUMS, ATTESTATION, "record.json", "logs/api.log"])
def test_a_recipe_refuses_an_edited_file(desk: Desk, name: str, edited: str, tmp_path: Path) -> None:
    directory = desk.file("d1")
    path = directory / edited
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert followed(name, directory, desk.public, "d1", tmp_path).returncode != 0


def test_the_openssl_recipe_refuses_an_added_file_and_another_drill(desk: Desk, tmp_path: Path) -> None:
    first, second = desk.file("d1"), desk.file("d2")
    (first / "more.txt").write_text("and also")
    assert followed("openssl", first, desk.public, "d1", tmp_path).returncode != 0
    assert followed("openssl", second, desk.public, "d1", tmp_path).returncode != 0
    assert followed("openssl", second, desk.public, "d2", tmp_path).returncode == 0

"""Files that no sane writer makes: nested without end, sparse beyond any disk, growing while they are read.

Each ends with a sentence and its exit code, within seconds and without being held in memory.
"""

from __future__ import annotations

import json
import os
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.bounded_file import OversizedFile, read_bounded
from restoreproof.comparison import read_record
from restoreproof.contract import load
from restoreproof.contract.controls import read_controls
from restoreproof.errors import ExitCode, RestoreproofError
from restoreproof.journal.read import read_journal
from restoreproof.ledger import Ledger
from restoreproof.views.rerender import render_again

DEPTH = 5_000
SPARSE = 4 * 1024**4
SECONDS = 30.0
MEMORY = 96 * 1024**2
"""Bytes of Python's own that a reader may hold; a line of a journal may have 16 MiB."""

JSON = "[" * DEPTH + "]" * DEPTH
YAML_BLOCK = "".join(f"{' ' * level}a:\n" for level in range(1_000))
TOML = f'schema = "restoreproof/stack-controls/v1"\nx = {JSON}\n'

Read = Callable[[Path], object]


def _ledger(directory: Path) -> object:
    return Ledger(directory / "ledger.jsonl").entries()


def _journal(directory: Path) -> object:
    return list(read_journal(directory / "journal.jsonl"))


READERS: dict[str, tuple[str, Read, ExitCode]] = {
    "contract": ("stack.yaml", lambda at: load(at / "stack.yaml"), ExitCode.COULD_NOT_START),
    "controls": ("controls.toml", lambda at: read_controls(at / "controls.toml"), ExitCode.COULD_NOT_START),
    "manifest": ("manifest.json", lambda at: open_set(at, "shop"), ExitCode.COULD_NOT_START),
    "catalogue": (
        "catalogue.json",
        lambda at: catalogues.load(at / "catalogue.json"),
        ExitCode.COULD_NOT_START,
    ),
    "journal": ("journal.jsonl", _journal, ExitCode.NO_TRUSTWORTHY_EVIDENCE),
    "record": ("record.json", read_record, ExitCode.NO_TRUSTWORTHY_EVIDENCE),
    "plan": ("plan.json", lambda at: render_again(at, None), ExitCode.NO_TRUSTWORTHY_EVIDENCE),
    "ledger": ("ledger.jsonl", _ledger, ExitCode.NO_TRUSTWORTHY_EVIDENCE),
}
DEEP = {"contract": JSON, "controls": TOML}
READABLE = sorted(READERS)


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Fail a test whose reader takes long, or holds what it reads."""
    tracemalloc.start()
    began = time.monotonic()
    yield
    seconds, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < SECONDS
    assert peak < MEMORY


def refused(name: str, directory: Path) -> str:
    """Read what lies in ``directory``, and return the sentence that refuses it."""
    _, read, code = READERS[name]
    with pytest.raises(RestoreproofError) as refusal:
        read(directory)
    assert refusal.value.exit_code == code
    sentence = str(refusal.value)
    assert len(sentence) < 1_000
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize("name", READABLE)
def test_five_thousand_levels(name: str, tmp_path: Path) -> None:
    file, _, _ = READERS[name]
    (tmp_path / file).write_text(DEEP.get(name, JSON) + "\n")
    assert "recursion depth" not in refused(name, tmp_path)


@pytest.mark.parametrize("text", [YAML_BLOCK, "a: " + "{a: " * DEPTH + "}" * DEPTH, "- " * DEPTH + "a"])
def test_levels_of_yaml_in_each_of_its_styles(text: str, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(text)
    assert "stack.yaml" in refused("contract", tmp_path)


@pytest.mark.parametrize("name", READABLE)
def test_a_sparse_file_of_four_tebibytes(name: str, tmp_path: Path) -> None:
    file, _, _ = READERS[name]
    with (tmp_path / file).open("wb") as sparse:
        sparse.truncate(SPARSE)
    refused(name, tmp_path)


@pytest.mark.parametrize("name", [name for name in READABLE if name not in ("manifest", "journal", "ledger")])
def test_a_file_that_grows_while_it_is_read(name: str, tmp_path: Path) -> None:
    """The kernel's files have no size, and content all the same: they are longer than they were just now."""
    file, _, _ = READERS[name]
    (tmp_path / file).symlink_to("/proc/self/status")
    assert "changed while it was read" in refused(name, tmp_path)


def test_a_file_to_which_somebody_appends_all_the_time(tmp_path: Path) -> None:
    """It is read as it was at one moment, or refused; never beyond the bound, and never without end."""
    path, stop = tmp_path / "growing", threading.Event()
    path.write_bytes(b"x" * 1024)

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set() and os.fstat(file.fileno()).st_size < 8 * 1024**2:
                file.write(b"x" * 4096)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(50):
            try:
                assert len(read_bounded(path, 1024**2)) <= 1024**2
            except OversizedFile as error:
                assert "bytes" in str(error) or "changed" in str(error)
    finally:
        stop.set()
        writer.join()


def test_a_pipe_is_waited_for_by_nobody(tmp_path: Path) -> None:
    for name in ("contract", "catalogue", "record", "plan"):
        directory = tmp_path / name
        directory.mkdir()
        os.mkfifo(directory / READERS[name][0])
        assert "no ordinary file" in refused(name, directory)


def test_a_contract_of_the_largest_size_is_read_in_time(tmp_path: Path) -> None:
    lines = "".join(f"  - {json.dumps('x' * 990)}\n" for _ in range(1000))
    (tmp_path / "stack.yaml").write_text(f"order:\n{lines}")
    refused("contract", tmp_path)

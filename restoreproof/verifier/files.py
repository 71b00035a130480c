"""The exact files of a directory of evidence, each with the digest that was signed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from restoreproof.verifier.answers import Answer
from restoreproof.verifier.formats import SUMS, UNLISTED, sha256_of, sums_text

MAX_READ = 256 * 1024 * 1024
"""Bytes of a file that is read into memory; others are only hashed."""
MAX_HASHED = 16 * 1024 * 1024 * 1024
"""Bytes of a file that is hashed: a sparse file can claim any length, and would keep a verifier for days."""


def files_below(directory: Path) -> Iterator[tuple[str, str | None]]:
    """Yield every name below ``directory`` with what is wrong about it; None for an ordinary file of its own.

    Raises:
        OSError: a directory can't be read, and so not told what is in it.
    """
    for parent, folders, names in os.walk(directory, onerror=_unreadable):
        for name in sorted((*folders, *names)):
            path = Path(parent, name)
            relative = path.relative_to(directory).as_posix()
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                if not any(path.iterdir()):
                    yield relative, "is an empty directory"
            elif stat.S_ISLNK(status.st_mode):
                yield relative, f"is a link to {path.readlink()}"
            elif not stat.S_ISREG(status.st_mode):
                yield relative, "is no ordinary file"
            elif status.st_nlink != 1:
                yield relative, f"has {status.st_nlink} names (hard links)"
            elif status.st_size > MAX_HASHED:
                yield relative, f"is {status.st_size:,} bytes long, which no file of evidence is"
            else:
                yield relative, None


def _unreadable(error: OSError) -> None:
    raise error


def _parse_sums(text: bytes) -> dict[str, str] | None:
    """The digests that a SHA256SUMS lists; None unless it is written the one way."""
    lines = (re.fullmatch(r"([0-9a-f]{64})  ([^\\\n]+)", line) for line in text.decode().split("\n")[:-1])
    digests = {match[2]: match[1] for match in lines if match}
    return digests if sums_text(digests) == text else None


def check_files(directory: Path, answer: Answer) -> None:
    """Refuse every file that SHA256SUMS does not list with that digest, and every one that is missing."""
    there: dict[str, str | None] = dict(files_below(directory))
    for name, wrong in there.items():
        if wrong:
            answer.refuse(name, wrong)
    sums = read(directory / SUMS, answer)
    try:
        listed = _parse_sums(sums) if sums is not None else None
    except UnicodeDecodeError:
        listed = None
    if listed is None:
        if sums is not None:
            answer.refuse(SUMS, "is not a list of digests as restoreproof writes it")
        return
    for name in sorted(there.keys() - listed.keys() - UNLISTED):
        if there[name] is None:
            answer.refuse(name, f"was added: {SUMS} does not list it")
    for name, expected in listed.items():
        if name in UNLISTED or name not in there:
            answer.refuse(name, "is missing" if name not in there else f"{SUMS} may not list this file")
        elif there[name] is None and sha256_of(directory / name) != expected:
            answer.refuse(name, f"was changed: its SHA-256 is not the one in {SUMS}")


def read(path: Path, answer: Answer) -> bytes | None:
    """Return the bytes of a file; None, and a finding, if it is no ordinary file of bearable size."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        answer.refuse(path.name, "is missing: this directory was not sealed, or not kept whole")
        return None
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_READ:
        answer.refuse(path.name, "can't be read as evidence")
        return None
    with path.open("rb") as file:
        content = file.read(status.st_size + 1)
    if len(content) != status.st_size:
        answer.refuse(path.name, "changed while it was read")
        return None
    return content


def read_json(path: Path, answer: Answer) -> dict[str, Any] | None:
    """Return a JSON object of the evidence; None, and a finding, if it is none."""
    text = read(path, answer)
    try:
        value = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        answer.refuse(path.name, "is not JSON of the expected form")
        return None
    return value if text is not None else None

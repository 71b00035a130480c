"""What a command gets in files: variables, which must be on no command line, and files of a service."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.host.files import write_confined

ENVIRONMENT, FILES, ARGUMENTS = "RESTOREPROOF_ENVIRONMENT", "RESTOREPROOF_FILES", "RESTOREPROOF_ARGUMENTS"
READ, WRITE = "RESTOREPROOF_READ", "RESTOREPROOF_WRITE"


@contextmanager
def for_start(private: Path, start: Start) -> Iterator[dict[str, str]]:
    """Write what ``start`` holds into files; yield the variables that tell a command where they lie."""
    with _directory(private) as directory:
        files = directory / "files"
        files.mkdir(mode=0o700)
        for path, content in start.files.items():
            write_confined(files, path, content)
        variables = _variables(directory, start.environment)
        yield {**variables, FILES: str(files), ARGUMENTS: json.dumps(list(start.arguments))}


@contextmanager
def for_tool(
    private: Path, environment: Mapping[str, str | Secret], read: Sequence[Path], write: Sequence[Path]
) -> Iterator[dict[str, str]]:
    """Write a tool's variables into a file; yield those that name it and what the tool reads and writes."""
    with _directory(private) as directory:
        variables = _variables(directory, environment)
        bound = {READ: read, WRITE: write}
        yield variables | {name: json.dumps([str(path) for path in paths]) for name, paths in bound.items()}


@contextmanager
def _directory(private: Path) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(dir=private))  # which is for this user alone
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _variables(directory: Path, environment: Mapping[str, str | Secret]) -> dict[str, str]:
    lines = []
    for name, value in environment.items():
        text = value.reveal() if isinstance(value, Secret) else value
        if "\n" in text:
            raise ContractError(f"{name} has several lines, and a file of variables has no place for them")
        lines.append(f"{name}={text}\n")
    write_confined(directory, "environment.env", "".join(lines).encode())
    return {ENVIRONMENT: str(directory / "environment.env")}

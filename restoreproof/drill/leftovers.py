"""What a drill must not leave behind, and how it is found and removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

from restoreproof.redact import Redactor

MAX_LOG = 16 * 1024 * 1024
"""Bytes of one service's log that are kept as evidence; the end is what is cut."""


def processes_of(workdir: Path) -> list[str]:
    """The processes on this machine that name ``workdir`` on their command line, as text."""
    found: list[str] = []
    for process in psutil.process_iter(["pid", "name", "cmdline"]):
        if any(str(workdir) in part for part in process.info["cmdline"] or ()):
            found.append(f"process {process.info['pid']} ({process.info['name']})")
    return found


def destroy(directory: Path) -> list[str]:
    """Remove ``directory``; returns what could not be removed."""
    left: list[str] = []

    def note(_: object, path: str, error: object) -> None:
        left.append(f"{path}: {error}")

    if directory.exists():
        shutil.rmtree(directory, onerror=note)
    return left


def collect_logs(source: Path, target: Path, redactor: Redactor) -> None:
    """Copy every log, redacted line by line and bounded in size."""
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.log")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as lines, (target / path.name).open("wb") as kept:
            for line in lines:
                kept.write(redactor.data(line))
                if kept.tell() > MAX_LOG:
                    kept.write(b"... cut here by restoreproof\n")
                    break

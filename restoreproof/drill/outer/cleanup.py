"""What a drill must not leave behind, and how it is found and removed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from restoreproof.errors import ServiceFailedError
from restoreproof.redaction.redactor import Redactor
from restoreproof.waiting import NotReady, wait_until

MAX_LOG = 16 * 1024 * 1024
"""Bytes of one service's log that are kept as evidence; the end is what is cut."""
MAX_LOG_LINE = 1024 * 1024
MAX_LISTED = 20


def processes_of(workdir: Path) -> list[str]:
    """The processes on this machine that name ``workdir`` on their command line, as text."""
    found: list[str] = []
    for process in psutil.process_iter(["pid", "name", "cmdline"]):
        if any(str(workdir) in part for part in process.info["cmdline"] or ()):
            found.append(f"process {process.info['pid']} ({process.info['name']})")
    return found


def survivors_of(workdir: Path, deadline_s: float = 10.0) -> list[str]:
    """The processes that name ``workdir`` and have not ended after a moment.

    A sandbox's monitor is gone a little before the last process of its namespace, which is no leftover.
    """

    def gone() -> None:
        if alive := processes_of(workdir):
            raise NotReady("; ".join(alive))

    try:
        wait_until(gone, what="the end of every process", deadline_s=deadline_s, retry_on=(NotReady,))
    except ServiceFailedError:
        return processes_of(workdir)
    return []


def destroy(directory: Path) -> list[str]:
    """Remove ``directory``; returns what could not be removed."""
    if not directory.exists():
        return []
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        _open_up(directory)
        shutil.rmtree(directory, ignore_errors=True)
    # Asked again of the file system: what is there now is what was left, whatever rmtree said.
    left = (directory, *directory.rglob("*")) if directory.exists() else ()
    return [str(path) for path in left[:MAX_LISTED]]


def _open_up(directory: Path) -> None:
    """Let us into every directory: restored code may have closed some of its own."""
    for parent, names, _ in os.walk(directory):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink() and path.stat().st_uid == os.geteuid():
                path.chmod(stat.S_IRWXU)


def collect_logs(
    source: Path,
    target: Path,
    redactor: Redactor,
    shown: Callable[[str, str], str] = lambda service, line: line,
) -> None:
    """Copy every log, redacted line by line and bounded in size.

    ``shown`` gets the name of a service and a line of its log, and leaves out of it what the service stores.
    """
    for path in sorted([*source.glob("*.log"), *source.glob("*.json")]):
        if path.is_symlink() or not path.is_file():
            continue
        target.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as lines, (target / path.name).open("wb") as kept:
            # A line that is longer than we read at once is not cut in two: a secret could lie on the seam.
            while line := lines.readline(MAX_LOG_LINE + 1):
                if len(line) > MAX_LOG_LINE or kept.tell() + len(line) > MAX_LOG:
                    kept.write(b"... cut here by restoreproof\n")
                    break
                kept.write(_shown(redactor.data(line), partial(shown, path.stem)))


def _shown(line: bytes, shown: Callable[[str], str]) -> bytes:
    text = line.decode("utf-8", "surrogateescape")
    end = "\n" if text.endswith("\n") else ""
    told = shown(text.removesuffix("\n"))
    return f"{told}{end}".encode("utf-8", "surrogateescape") if told or not text.strip() else b""

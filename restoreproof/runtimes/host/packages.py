"""Programs that come in Python packages beside this one."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError


def packaged(distribution: str, suffix: str) -> Path:
    """The file of the installed ``distribution`` whose path ends in ``suffix``.

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
        hint="install the harness from locks/harness.txt, on x86-64 or arm64; see `restoreproof doctor`",
    )

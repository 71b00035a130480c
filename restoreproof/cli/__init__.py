"""The command line. Every command says what it did in one line, and names the next step when it fails.

Each module registers one command on ``app``. It holds the command's options, and imports within it what the
command does: help, completion and the other commands wait for nothing of it.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable
from typing import Any

from restoreproof.cli import (
    adopt,
    backup,
    compare,
    doctor,
    drill,
    faults,
    keygen,
    lint,
    mend_ledger,
    report,
    seal,
    show,
    sign_catalogue,
    sign_off,
    up,
    verify,
)
from restoreproof.cli.app import LONGEST, app, cache_directory, err
from restoreproof.cli.ordinary_user import step_down
from restoreproof.display import shown
from restoreproof.errors import ExitCode, RestoreproofError

__all__ = [
    "adopt",
    "app",
    "backup",
    "compare",
    "doctor",
    "drill",
    "faults",
    "keygen",
    "lint",
    "main",
    "mend_ledger",
    "report",
    "seal",
    "show",
    "sign_catalogue",
    "sign_off",
    "up",
    "verify",
]


def main() -> None:
    """Run the command line as an ordinary user, and turn every failure on purpose into its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a sign must not end a drill
            stream.reconfigure(errors="backslashreplace")
    _run(_as_ordinary_user)


def _as_ordinary_user() -> None:
    code = step_down(sys.argv, cache_directory(None))
    if code is not None:
        sys.exit(code)
    app(standalone_mode=True)


def _run(command: Callable[[], Any]) -> None:
    try:
        command()
    except RestoreproofError as error:
        err.print(shown(f"restoreproof: {error}", LONGEST), markup=False, style="red")
        _print_notes(error)
        sys.exit(int(error.exit_code))
    except OSError as error:
        err.print(f"restoreproof: {error.strerror}: {error.filename}", markup=False, style="red")
        err.print("  next: see that this user may write there and that the disk has room", markup=False)
        _print_notes(error)
        sys.exit(int(ExitCode.NO_TRUSTWORTHY_EVIDENCE))
    except KeyboardInterrupt:
        err.print("restoreproof: interrupted", markup=False)
        sys.exit(int(ExitCode.NOT_VERIFIED))
    except Exception:  # noqa: BLE001 - Python's own exit code for it, 1, would say that the backup FAILED
        traceback.print_exc()
        err.print(
            "restoreproof: this is a defect of the harness; nothing is said of the backup", markup=False
        )
        sys.exit(int(ExitCode.NO_TRUSTWORTHY_EVIDENCE))


def _print_notes(error: BaseException) -> None:
    """Say what went wrong besides, such as a refusal that could not be entered."""
    for note in getattr(error, "__notes__", ()):
        err.print(shown(f"  ! {note}", LONGEST), markup=False)

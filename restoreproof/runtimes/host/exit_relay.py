"""``python -m restoreproof.runtimes.host.exit_relay MODULE …``: run MODULE, and answer for its exit code.

An interpreter that does not find its own library, a sandbox that can't be made and a backup that FAILED all
end with 1. Only what MODULE itself ended with is told as ``TOLD`` and more. Imports no package.
"""

from __future__ import annotations

import runpy
import sys

TOLD = 100


def answered(code: int) -> int | None:
    """Return the exit code that MODULE ended with; None if it crashed, or never began."""
    return code - TOLD if TOLD <= code <= TOLD + 4 else None


def _answer(module: str, arguments: list[str]) -> int:
    sys.argv[:] = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        return TOLD + (ended.code or 0)
    return TOLD


if __name__ == "__main__":
    sys.exit(_answer(sys.argv[1], sys.argv[2:]))

"""What pg_dump, pg_dumpall and pg_restore say, and what it means."""

from __future__ import annotations

import re

from restoreproof.assets.base import RestoreFailed
from restoreproof.runtimes.base import Completed

_TROUBLE = re.compile(r"^[\w-]+: (?:error|warning): |^(?:[\w-]+: )?(?:ERROR|FATAL|PANIC): ", re.MULTILINE)
"""A complaint of pg_restore's own, or an error of the server's. Not a server's WARNING, which a function of
the restored schema may raise on sound data; what could be lost by one, the fingerprints tell."""


def complains(stderr: str) -> bool:
    """Whether pg_restore says that something went wrong, whatever it returned."""
    return _TROUBLE.search(stderr) is not None


def require_success(done: Completed, tool: str) -> None:
    """Raise RestoreFailed, with its last words, if ``tool`` ended with anything but 0."""
    if done.returncode != 0:
        raise RestoreFailed(f"{tool} ended with {done.returncode}: {done.stderr.strip()[-600:]}")

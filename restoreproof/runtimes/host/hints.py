"""What a log line usually means, and what to do about it."""

from __future__ import annotations

import re

_HINTS = (
    (
        r"[Nn]o space left on device|Disk quota exceeded",
        "the disk is full: free some space and run the drill again",
    ),
    (
        r"[Aa]ddress already in use|port is already allocated|bind\(\) to .* failed",
        "its port is busy: compare the ports in the contract",
    ),
    (
        r"bwrap: .*(Operation not permitted|No permissions|Creating new namespace failed)",
        "the kernel refused a namespace: run `restoreproof doctor`",
    ),
    (
        r"bwrap: Can't find source path",
        "a file that the sandbox binds has vanished: is the checkout complete?",
    ),
    (r"bwrap: execvp", "the program is not in its sandbox: is its environment built (`make`)?"),
    (r"ModuleNotFoundError|No module named", "the release tree or its virtual environment lacks that module"),
    (r"password authentication failed", "a restored credential does not fit the restored role"),
    (
        r"Name or service not known|could not translate host name",
        "it asks for a host that no service is called",
    ),
    (
        r"Connection refused|connection refused",
        "a service that it needs is not up: compare the contract's order",
    ),
    (
        r"non-overlapping IPv4 address pool",
        "a drill makes three networks: end others, or widen the daemon's default-address-pools",
    ),
    (r"OutOfMemoryError|Cannot allocate memory|Killed", "the machine ran out of memory"),
    (
        r"Too many open files",
        "it came to its limit of open files: raise it (in containers `ulimits: nofile`)",
    ),
    (
        r"File too large|File size limit exceeded",
        "it came to the longest file that it may write: raise it (in containers `ulimits: fsize`)",
    ),
    (
        r"can't start new thread|[Cc]ould not fork|fork: (retry: )?Resource temporarily unavailable",
        "it came to its limit of processes and threads: raise it (in containers `pids_limit`)",
    ),
)


def hint_for(log: str) -> str | None:
    """Return the first hint whose pattern occurs in ``log``, or None."""
    return next((hint for pattern, hint in _HINTS if re.search(pattern, log)), None)

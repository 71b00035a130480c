"""Become another user for good, then exec: ``python -m …drop_privileges UID GID COMMAND…``.

Runs as root in the namespaces that ``privileges`` made, and imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES = 64


def drop(uid: int, gid: int) -> None:
    """Give up root: groups, gid, uid and with them every capability.

    Raises:
        OSError: a call was refused.
        PermissionError: root could be had again.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # A fresh /proc for this pid namespace: a nested sandbox may mount its own only beside an uncovered one.
    if libc.mount(b"proc", b"/proc", b"proc", 0, None):
        raise OSError(ctypes.get_errno(), "mounting /proc")
    for capability in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # refuses numbers this kernel does not know
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # A change of uid clears the signal that bubblewrap had asked for.
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise PermissionError("uid 0 could be had again after giving it up")


if __name__ == "__main__":
    drop(int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])

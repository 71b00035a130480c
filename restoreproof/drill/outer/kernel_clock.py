"""What the kernel says of its own clock: whether something keeps it, and how far it still is off."""

from __future__ import annotations

import ctypes
import os

from restoreproof.events import ClockFacts

_UNSYNCHRONISED = 0x0040
_NANOSECONDS = 0x2000


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux, adjtimex(2), as far as it is read; ``rest`` is what the kernel fills too."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def describe_clock() -> ClockFacts:
    """Return where this machine's time comes from, and the ``offset_ms`` that is still being corrected.

    ``offset_ms`` is None where no time service keeps the clock: nobody knows then how far it is off.
    """
    timex = _Timex(modes=0)
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return _unkept("the system's clock, which does not tell who keeps it")
    if libc.adjtimex(ctypes.byref(timex)) == -1:
        reason = os.strerror(ctypes.get_errno())
        return _unkept(f"the kernel's clock, which does not tell who keeps it ({reason})")
    if timex.status & _UNSYNCHRONISED:
        return _unkept("the kernel's clock, kept by no time service")
    per_ms = 1_000_000 if timex.status & _NANOSECONDS else 1_000
    error = f"at most {timex.maxerror / 1000:.0f} ms off"
    return ClockFacts(
        source=f"the kernel's clock, kept by a time service ({error})",
        offset_ms=round(timex.offset / per_ms, 3),
    )


def _unkept(source: str) -> ClockFacts:
    return ClockFacts(source=source, offset_ms=None)

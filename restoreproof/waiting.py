"""Waiting for something real: a probe, a deadline, and a reason to give up early."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

import tenacity

from restoreproof.errors import ServiceFailedError

PATIENCE = float(os.environ.get("RESTOREPROOF_PATIENCE", "1"))
"""Multiplies every deadline; slow machines set it above 1."""

T = TypeVar("T")


class NotReady(Exception):
    """Raised by a probe whose answer is "not yet", with what it saw."""


def wait_until(
    probe: Callable[[], T],
    *,
    what: str,
    deadline_s: float,
    gave_up: Callable[[], str | None] = lambda: None,
    context: Callable[[], str] = lambda: "",
    interval_s: float = 0.05,
    retry_on: tuple[type[Exception], ...] = (NotReady, OSError),
) -> T:
    """Call ``probe`` until it returns, and return what it returned.

    Args:
        probe: raises ``NotReady`` (or another of ``retry_on``) while the answer is "not yet".
        what: what is awaited, for the message: "postgres answers an authenticated query".
        deadline_s: seconds to wait at most, before ``PATIENCE``.
        gave_up: says why waiting on is pointless (the process has exited), or None.
        context: recent log lines and a hint, appended to the message of a failure.

    Raises:
        ServiceFailedError: the deadline passed or ``gave_up`` spoke.
    """
    started = time.monotonic()
    limit = deadline_s * PATIENCE

    def before_sleep(_: tenacity.RetryCallState) -> None:
        if reason := gave_up():
            raise ServiceFailedError(f"{what}: {reason}{context()}")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(retry_on),
        wait=tenacity.wait_exponential(multiplier=interval_s, max=0.5),
        stop=tenacity.stop_after_delay(limit),
        before_sleep=before_sleep,
        reraise=True,
    )
    try:
        return retrying(probe)
    except retry_on as last:
        waited = time.monotonic() - started
        raise ServiceFailedError(
            f"{what}: not within {limit:.0f} s (waited {waited:.1f} s); last seen: {last}{context()}"
        ) from last

"""What an approver may decide."""

from __future__ import annotations

from enum import StrEnum


class Decision(StrEnum):
    """Decision of an approver on a drill."""

    ACCEPT = "accept"
    REJECT = "reject"

"""What an approver may decide."""

from __future__ import annotations

from enum import StrEnum


class Decision(StrEnum):
    """What an approver says of a drill."""

    ACCEPT = "accept"
    REJECT = "reject"

"""The configuration of a Redis that a drill makes: nothing on disk, and one throw-away administrator."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials

FILE = "redis.conf"
_OURS = ("bind", "port", "user", "requirepass", "aclfile", "include", "loadmodule", "daemonize")


def new_administrator() -> Credentials:
    """Return a user of its own, with its password."""
    return Credentials("restoreproof", Secret("redis administrator", secrets.token_urlsafe(30)))


def configuration(
    name: str, address: str, port: int, administrator: Credentials, settings: Mapping[str, str]
) -> bytes:
    """Return the bytes of ``redis.conf``.

    Args:
        name: the service, for messages.
        address: where it listens, and nowhere else.
        port: the port there.
        administrator: the one user who may do everything; the default user may do nothing.
        settings: further directives of the contract.

    Raises:
        ContractError: a setting is one that the drill makes itself, or has a line of its own in it.
    """
    for directive, value in settings.items():
        if directive.lower() in _OURS or "\n" in directive + value or " " in directive:
            raise ContractError(
                f"service {name!r}: the setting {directive!r} is the drill's own", hint="leave it out"
            )
    lines = [
        f"bind {address}",
        f"port {port}",
        "daemonize no",
        'save ""',
        "appendonly no",
        "user default off",
        f"user {administrator.user} on >{administrator.password.reveal()} ~* &* +@all",
        *(f"{directive} {value}" for directive, value in settings.items()),
    ]
    return "".join(f"{line}\n" for line in lines).encode()

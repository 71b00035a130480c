"""The throw-away superuser of a cluster that a drill makes, and how clients are pointed at it."""

from __future__ import annotations

import secrets

from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Override

# Not "postgres": the globals of a set create a role of that name, and must be able to.
SUPERUSER = "restoreproof_admin"


def libpq(host: str, port: int, administrator: Credentials) -> dict[str, str | Secret]:
    """The variables that point any client of a cluster at it, as ``administrator``."""
    return {
        "PGHOST": host,
        "PGPORT": str(port),
        "PGUSER": administrator.user,
        "PGPASSWORD": administrator.password,
        "PGDATABASE": "postgres",
        "PGCONNECT_TIMEOUT": "10",
        "PSQLRC": "/dev/null",
        "TZ": "UTC",
    }


NO_FSYNC = Override(
    "fsync=off",
    "the target is thrown away after the drill; the restore is timed without waiting for this machine's disk",
)


def new_superuser() -> Credentials:
    """Return a superuser of a name that no set's globals create, with a password of its own."""
    return Credentials(SUPERUSER, Secret("postgres administrator", secrets.token_urlsafe(24)))

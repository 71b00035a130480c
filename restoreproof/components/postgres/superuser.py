"""The throw-away superuser of a cluster that a drill makes, and how clients are pointed at it."""

from __future__ import annotations

import secrets

from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Override

# Not "postgres": the globals of a set create a role of that name, and must be able to.
SUPERUSER = "restoreproof_admin"


def libpq(host: str, port: int, administrator: Credentials) -> dict[str, str | Secret]:
    """Return the variables that point any client of a cluster at it, as ``administrator``."""
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


SILENT = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""Settings with which a server's log holds no statement, and nothing of a row beside the message itself.

A statement may hold a role's password or verifier, and DETAIL and CONTEXT hold rows.
"""

LOGGED = {**SILENT, "log_line_prefix": "%m [%p] %u@%d %e "}
"""Settings of a server that a drill makes; by %e what a function raised is told from what the server says."""

SILENT_SESSION = {"PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in SILENT.items())}
"""The same for the sessions of a tool: what a set gives a role or a database may say otherwise."""

NO_FSYNC = Override(
    "fsync=off",
    "the target is thrown away after the drill; the restore is timed without waiting for this machine's disk",
)


def new_superuser() -> Credentials:
    """Return a superuser of a name that no set's globals create, with a password of its own."""
    return Credentials(SUPERUSER, Secret("postgres administrator", secrets.token_urlsafe(24)))

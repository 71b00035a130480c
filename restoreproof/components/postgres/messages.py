"""What a PostgreSQL server and its tools say, without the values of rows."""

from __future__ import annotations

from restoreproof.redaction.server_messages import without_values
from restoreproof.runtimes.messages import Messages


class PostgresMessages(Messages):
    """Names of things stay; what is quoted of a row is left out, and table, line and column are told."""

    def shown(self, text: str) -> str:
        return without_values(text)


PART = PostgresMessages

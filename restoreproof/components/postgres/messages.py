"""What a PostgreSQL server and its tools say, without the values of rows."""

from __future__ import annotations

from restoreproof.redaction.server_messages import without_values
from restoreproof.runtimes.messages import Messages


class PostgresMessages(Messages):
    """Messages of PostgreSQL without what they quote of rows; table, line and column stay."""

    def shown(self, text: str) -> str:
        return without_values(text)


PART = PostgresMessages

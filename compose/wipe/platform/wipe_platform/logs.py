"""Logs are JSON lines on standard output, each with its own ``at``: server-side proof of when."""

import json
import logging
import sys
from datetime import UTC, datetime

from wipe_platform.canonical import timestamp

_logger = logging.getLogger("wipe")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logs() -> None:
    """Send everything to standard output as JSON lines; call once per process."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(logging.INFO)


def log_event(event: str, **fields: object) -> None:
    """One line about something that happened; never pass secrets."""
    _logger.info(event, extra={"fields": fields})

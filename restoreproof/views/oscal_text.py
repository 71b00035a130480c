"""The words of OSCAL's data types, made of text that may hold anything."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from restoreproof.display import one_line
from restoreproof.views.markdown import escaped

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "restoreproof/oscal")
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")
_NO_TIME = datetime.fromtimestamp(0, UTC)


class Identifiers:
    """UUIDs derived from one drill: the same thing always has the same, and no two drills share one."""

    def __init__(self, drill_id: str, plan_digest: str) -> None:
        self._namespace = uuid.uuid5(_NAMESPACE, f"{drill_id}\n{plan_digest}")

    def of(self, *names: str) -> str:
        """The UUID (version 5) of the thing so named."""
        return str(uuid.uuid5(self._namespace, "\n".join(names)))


def token(text: str) -> str:
    """An identifier: letters, digits, dots, hyphens and underscores, not beginning with a digit."""
    made = _NOT_TOKEN.sub("-", text)
    return made if made[:1].isalpha() else f"_{made}"


def line(text: str | None) -> str:
    """One line that is not empty."""
    return one_line(text or "") or "unknown"


def prose(text: str) -> str:
    """A description: Markdown that shows ``text`` and does nothing else."""
    return escaped(text, 4000) or "unknown"


def prop(name: str, value: str | None) -> dict[str, str]:
    """A property of restoreproof's own namespace."""
    return {"name": name, "ns": "urn:restoreproof:oscal", "value": line(value)}


def moment(*candidates: str | None) -> str:
    """The first of ``candidates`` that is a moment, in UTC; where none is, the first of 1970."""
    for candidate in candidates:
        try:
            told = datetime.fromisoformat(candidate or "")
        except ValueError:
            continue
        if told.tzinfo:
            return told.astimezone(UTC).isoformat()
    return _NO_TIME.isoformat()

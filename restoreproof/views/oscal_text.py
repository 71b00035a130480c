"""OSCAL's data types, made of text that may hold anything."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from restoreproof.display import one_line
from restoreproof.record.moments import moment as moment_of
from restoreproof.views.markdown import escaped

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "restoreproof/oscal")
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")
_NO_TIME = datetime.fromtimestamp(0, UTC)


class Identifiers:
    """UUIDs derived from one drill: the same names always give the same one, and no two drills share one."""

    def __init__(self, drill_id: str, plan_digest: str) -> None:
        self._namespace = uuid.uuid5(_NAMESPACE, f"{drill_id}\n{plan_digest}")

    def of(self, *names: str) -> str:
        """Return the UUID (version 5) of the thing so named."""
        return str(uuid.uuid5(self._namespace, "\n".join(names)))


def token(text: str) -> str:
    """Return an identifier: letters, digits, dots, hyphens and underscores, not beginning with a digit."""
    made = _NOT_TOKEN.sub("-", text)
    return made if made[:1].isalpha() else f"_{made}"


def line(text: str | None) -> str:
    """Return ``text`` on one line; "unknown" if nothing is left of it."""
    return one_line(text or "") or "unknown"


def prose(text: str) -> str:
    """Return a description: Markdown that shows ``text`` and does nothing else."""
    return escaped(text, 4000) or "unknown"


def prop(name: str, value: str | None) -> dict[str, str]:
    """Return a property of restoreproof's own namespace."""
    return {"name": name, "ns": "urn:restoreproof:oscal", "value": line(value)}


def moment(*candidates: str | None) -> str:
    """Return the first of ``candidates`` that is a moment, in UTC; the beginning of 1970 if none is."""
    named = map(moment_of, candidates)
    return next((at for at in named if at), _NO_TIME).isoformat()

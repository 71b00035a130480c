"""The JSON Schema of a line of ``journal.jsonl``, published as docs/journal.schema.json."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from restoreproof.events import EVENTS, AnyEvent

JOURNAL_SCHEMA = "restoreproof/journal/v1"


def journal_schema() -> dict[str, Any]:
    """Return a schema that each line of a journal fits: the type of its event decides what ``data`` holds."""
    definitions = TypeAdapter(AnyEvent).json_schema()["$defs"]
    lines = []
    for name, event_class in EVENTS.items():
        definition = definitions[event_class.__name__]
        definition["properties"].pop("type")
        lines.append(
            {
                "properties": {
                    "type": {"const": name},
                    "source": {"const": event_class.sender},
                    "data": {"$ref": f"#/$defs/{event_class.__name__}"},
                }
            }
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": JOURNAL_SCHEMA,
        "type": "object",
        "properties": {
            "seq": {"type": "integer", "minimum": 1},
            "source": {"enum": ["inner", "outer"]},
            "type": {"enum": sorted(EVENTS)},
            "at": {"type": "string", "maxLength": 100},
            "mono": {"type": "number"},
            "data": {"type": "object"},
        },
        "required": ["at", "data", "mono", "seq", "source", "type"],
        "additionalProperties": False,
        "oneOf": lines,
        "$defs": definitions,
    }

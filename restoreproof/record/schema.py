"""The JSON Schema of ``record.json``, published as docs/record.schema.json."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from restoreproof.record.model import RECORD_SCHEMA, Record


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record, in which each field is required and no other is allowed."""
    schema = TypeAdapter(Record).json_schema(mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        _close(part)
    schema["properties"]["schema"] = {"const": RECORD_SCHEMA}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": RECORD_SCHEMA} | schema


def _close(part: dict[str, Any]) -> None:
    if "properties" in part:
        part["required"] = sorted(part["properties"])
        part["additionalProperties"] = False
        for field in part["properties"].values():
            field.pop("default", None)  # of the program, which writes every field

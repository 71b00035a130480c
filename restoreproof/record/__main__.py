"""``python -m restoreproof.record`` prints the JSON Schema of a record."""

import json

from restoreproof.record.schema import record_schema

print(json.dumps(record_schema(), indent=2, sort_keys=True))

"""``python -m restoreproof.evidence`` prints the JSON Schema of a record."""

import json

from restoreproof.evidence.schema import record_schema

print(json.dumps(record_schema(), indent=2, sort_keys=True))

"""``python -m restoreproof.contract`` prints the JSON Schema of a contract."""

import json

from restoreproof.contract.loader import json_schema

print(json.dumps(json_schema(), indent=2, sort_keys=True))

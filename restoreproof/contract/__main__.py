"""``python -m restoreproof.contract`` prints the JSON Schema of a contract."""

import json

from restoreproof.contract.loading import json_schema

print(json.dumps(json_schema(), indent=2, sort_keys=True))

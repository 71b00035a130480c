"""Print the JSON Schema of a journal: ``python -m restoreproof.events > docs/journal.schema.json``."""

import json

from restoreproof.events.schema import journal_schema

print(json.dumps(journal_schema(), indent=2, sort_keys=True))

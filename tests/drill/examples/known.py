"""What the catalogue of the reference stack says of its database, for contracts that have no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DATABASE = "database"
_ROWS = "recent in-progress keys"
_CHAIN = "audit log"


def of_the_database(catalogue: Path) -> dict[str, Any]:
    """The catalogue at ``catalogue``, without what a drill of the database does not bring back."""
    whole: dict[str, Any] = json.loads(catalogue.read_text())
    part = whole["assets"][_DATABASE]
    holds = {
        **part["holds"],
        "roles": [name for name in part["holds"]["roles"] if name.startswith("wipe")],
        "datasets": {_ROWS: part["holds"]["datasets"][_ROWS]},
        "chains": {_CHAIN: part["holds"]["chains"][_CHAIN]},
        "queues": {},
        "letters": {},
    }
    return {**whole, "assets": {_DATABASE: {**part, "holds": holds}}}

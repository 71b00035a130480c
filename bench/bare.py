"""The same restore without the harness: no scenario, no check, no journal, no evidence. Runs in the sandbox.

What is left is what the bare tools do: pg_restore, the object copy, Keycloak's start, the services' starts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from restoreproof.drill.inner.session import open_drill
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor


class Silence:
    """An emitter that keeps nothing."""

    def emit(self, event: Event) -> None:
        """Drop the event."""


def main(config: Path) -> None:
    """Restore everything in the contract's order and print the seconds of each stage as JSON."""
    seconds: dict[str, float] = {}
    with open_drill(config, Silence(), Redactor()) as drill:
        for stage in drill.stages:
            started = time.monotonic()
            drill.advance_to(stage)
            seconds[stage] = time.monotonic() - started
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

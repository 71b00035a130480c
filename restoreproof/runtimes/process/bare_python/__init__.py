"""Names for Python services where nothing can be laid over ``/etc/hosts``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HOSTS = "RESTOREPROOF_HOSTS"


def environment(own: Mapping[str, str], hosts: Path) -> dict[str, str]:
    """Return what to add to ``given`` so that Python resolves the names of the file ``hosts``."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), own.get("PYTHONPATH")]))
    return {HOSTS: str(hosts), "PYTHONPATH": path}

"""``python -m tests.drill.external.ordinary DIRECTORY CACHE ARGUMENT…``: a command as no root.

Root drills a foreign target as root, for the commands are its own. A player never runs as root, and its tools
have to read what the drill hands them. Both directories are writable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from restoreproof.runtimes.host.privileges import as_ordinary_user
from tests.workshop import ROOT


def main(writable: Sequence[Path], argv: list[str]) -> int:
    """Become ``argv``, or under root run it to its end as another user; Ctrl-C reaches it."""
    if os.geteuid() != 0:
        os.execv(argv[0], argv)
    return as_ordinary_user(argv, writable, [ROOT])


if __name__ == "__main__":
    sys.exit(main([Path(one).absolute() for one in sys.argv[1:3]], sys.argv[3:]))

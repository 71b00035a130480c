#!/usr/bin/env python3
"""``with-environment COMMAND …``: run COMMAND with the lines ``NAME=value`` of /run/stack/environment.env.

A variable that the container already has is kept, so that a drill's restored environment always wins. The
file is read here and not by a shell: its values are secrets of any shape.
"""

import os
import sys
from pathlib import Path

PLACE = Path(os.environ.get("STACK_ENVIRONMENT", "/run/stack/environment.env"))


def main(command: list[str]) -> None:
    """Does not return."""
    if not command:
        sys.exit("with-environment: no command given")
    lines = PLACE.read_text().splitlines() if PLACE.exists() else []
    for line in lines:
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            os.environ.setdefault(name, value)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"with-environment: can't run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])

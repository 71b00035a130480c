"""``python build_keycloak.py CACHE``: build the harness's Keycloak for an image, and a command that runs it.

The command, ``CACHE/keycloak``, takes Keycloak's own arguments and adds those of ``JAVA_OPTS_APPEND``.
"""

import shlex
import sys
from pathlib import Path

from restoreproof.components.keycloak import user_cache


def main(cache: Path) -> None:
    """Everything is made at the path where it stays, since class archives hold paths."""
    user_cache.ensure(cache, print)
    home = user_cache.built(cache)
    java, *vm = home.argv([])
    line = f'exec {shlex.quote(java)} ${{JAVA_OPTS_APPEND:-}} {shlex.join(vm)} "$@"'
    command = cache / "keycloak"
    command.write_text(f"#!/bin/sh\n{line}\n")
    command.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

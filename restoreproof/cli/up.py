"""Keep a source of the stack up, and take backups of it."""

from __future__ import annotations

import sys
from pathlib import Path

from restoreproof.cli.app import (
    Cache,
    ContractArgument,
    SeedSize,
    Size,
    Var,
    app,
    cache_directory,
    say,
)


@app.command()
def up(
    contract: ContractArgument, var: Var = Path("var"), cache: Cache = None, size: Size = SeedSize.DEFAULT
) -> None:
    """Bring up a source of the stack and keep it until Ctrl-C; Enter takes a backup of it."""
    from restoreproof.assets.identity_file import make_identity, recipient_of
    from restoreproof.contract import load
    from restoreproof.drill.source.backup import SourceRequest, living_source, take

    loaded = load(contract)
    key = var / "keys" / "recovery.txt"
    recipient = recipient_of(key) if key.exists() else make_identity(key)
    request = SourceRequest(loaded, var.absolute(), cache_directory(cache), size.value)
    with living_source(request, say) as source:
        say("the source serves; press Enter for a backup, Ctrl-C or Ctrl-D to destroy it")
        try:
            while sys.stdin.readline():
                taken = take(
                    source, recipient, (var / "sets").absolute(), (var / "catalogue").absolute(), loaded.stack
                )
                say(f"backup set {taken.backup.directory}")
        except KeyboardInterrupt:
            say("destroying the source")

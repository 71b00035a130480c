"""Commands that bring up a source of the stack, and say what a set of it holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from restoreproof.assets.identity_file import make_identity, recipient_of
from restoreproof.backups.backup_set import open_set
from restoreproof.cli.app import (
    Cache,
    ContractArgument,
    Json,
    SeedSize,
    Size,
    Var,
    app,
    cache_directory,
    quiet,
    say,
    tell,
)
from restoreproof.contract import load
from restoreproof.drill.source.backup import SourceRequest, living_source, take


@app.command()
def backup(
    contract: ContractArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="directory of the sets", show_default="VAR/sets")
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", help="age identity; made if absent", show_default="VAR/keys/recovery.txt"),
    ] = None,
    size: Size = SeedSize.DEFAULT,
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Bring up a source of the stack, back it up while it serves, and destroy it."""
    loaded, key = load(contract), identity or var / "keys" / "recovery.txt"
    recipient = recipient_of(key) if key.exists() else make_identity(key)
    request = SourceRequest(loaded, var.absolute(), cache_directory(cache), ("--size", size, "--seed", "7"))
    progress = quiet if json else say
    progress(f"bringing up a source of {loaded.stack}")
    with living_source(request, progress) as source:
        progress("taking the backup while it serves")
        taken = take(
            source, recipient, (out or var / "sets").absolute(), (var / "catalogue").absolute(), loaded.stack
        )
    told = {
        "set": str(taken.backup.directory),
        "set_id": taken.backup.manifest.set_id,
        "catalogue": str(taken.catalogue),
    }
    tell(told, json, f"backup set {taken.backup.directory}, catalogue {taken.catalogue}")


@app.command()
def up(
    contract: ContractArgument, var: Var = Path("var"), cache: Cache = None, size: Size = SeedSize.DEFAULT
) -> None:
    """Bring up a source of the stack and keep it until Ctrl-C; Enter takes a backup of it."""
    loaded = load(contract)
    key = var / "keys" / "recovery.txt"
    recipient = recipient_of(key) if key.exists() else make_identity(key)
    request = SourceRequest(loaded, var.absolute(), cache_directory(cache), ("--size", size, "--seed", "7"))
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


@app.command(name="show")
def show_set(
    backup_set: Annotated[Path, typer.Argument(help="a backup set")],
    contract: Annotated[Path, typer.Option()],
) -> None:
    """Say what a backup set holds."""
    loaded = open_set(backup_set, load(contract).stack)
    manifest = loaded.manifest
    say(
        f"{manifest.set_id} of {manifest.stack} at {manifest.recovery_point}, {len(manifest.artifacts)} files"
    )

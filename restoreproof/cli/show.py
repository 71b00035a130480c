"""What a backup set holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import (
    app,
    say,
)


@app.command(name="show")
def show_set(
    backup_set: Annotated[Path, typer.Argument(help="a backup set")],
    contract: Annotated[Path, typer.Option()],
) -> None:
    """Say what a backup set holds."""
    from restoreproof.backups.backup_set import open_set
    from restoreproof.contract import load

    loaded = open_set(backup_set, load(contract).stack)
    manifest = loaded.manifest
    say(
        f"{manifest.set_id} of {manifest.stack} at {manifest.recovery_point}, {len(manifest.artifacts)} files"
    )

"""Recovery identities and signing keys."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import (
    app,
    say,
)
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(help="the file to write")] = Path("var/keys/recovery.txt"),
    signing: Annotated[
        bool, typer.Option("--signing", help="a signing key instead, its public half beside")
    ] = False,
    valid_for: Annotated[
        str, typer.Option("--valid-for", help="how long a signing key is to be trusted, in days: 730d")
    ] = "730d",
) -> None:
    """Make a recovery identity (age); keep it apart from the backups it opens. Or make a signing key."""
    from restoreproof.assets.identity_file import make_identity
    from restoreproof.sealing.keys import make_signing_key

    refuse_unwritable(path.absolute().parent, private=True)
    if not signing:
        say(f"{path}: public recipient {make_identity(path)}")
        return
    days = re.fullmatch(r"([1-9]\d{0,4})d", valid_for)
    if not days:
        raise UsageError(f"--valid-for {valid_for!r} is no number of days", hint="such as 730d")
    public = make_signing_key(path, valid_for=timedelta(days=int(days[1])))
    say(f"{path}: give {public} to whoever is to verify; nobody but you vouches for it")

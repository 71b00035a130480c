"""Signing a catalogue that another tool wrote, or that was written again for an adopted set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import Json, app, tell
from restoreproof.cli.evidence_options import KeyUri, PublicHalf
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError


@app.command(name="sign-catalogue")
def sign_catalogue(
    catalogue: Annotated[Path, typer.Argument(metavar="CATALOGUE", help="the catalogue of one set")],
    key: KeyUri,
    public_key: PublicHalf = None,
    json: Json = False,
) -> None:
    """Sign a catalogue as `backup` signs its own: a drill with the public key then knows its author."""
    from restoreproof.backups import catalogue as catalogues
    from restoreproof.sealing.catalogue_signature import sign_catalogue as sign
    from restoreproof.sealing.keys import signing_key

    if not catalogue.is_file():
        raise UsageError(f"there is no catalogue at {catalogue}", hint="name the file of one set")
    refuse_unwritable(catalogue.absolute().parent)
    known = catalogues.load(catalogue)
    signing = signing_key(key, public_key)
    path = sign(catalogue, signing)
    result = {"signature": str(path), "set_id": known.set_id, "key": signing.keyid}
    tell(result, json, f"{path}: the catalogue of the set {known.set_id}, signed by SHA256:{signing.keyid}")

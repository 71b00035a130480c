"""Take a backup of a source that is brought up for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
from restoreproof.cli.evidence_options import PublicHalf


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
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="the key that signs the catalogue: file:PATH, or a KMS or HSM key by its URI",
            show_default="VAR/keys/catalogue.pem, made once",
        ),
    ] = None,
    public_key: PublicHalf = None,
    size: Size = SeedSize.DEFAULT,
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Bring up a source of the stack, back it up while it serves, and destroy it."""
    from restoreproof.assets.identity_file import make_identity, recipient_of
    from restoreproof.contract import load
    from restoreproof.drill.catalogue_trust import catalogue_signing_key
    from restoreproof.drill.source.backup import SourceRequest, living_source, take
    from restoreproof.sealing.catalogue_signature import sign_catalogue

    loaded, recovery = load(contract), identity or var / "keys" / "recovery.txt"
    recipient = recipient_of(recovery) if recovery.exists() else make_identity(recovery)
    signing = catalogue_signing_key(key, public_key, var.absolute())
    request = SourceRequest(loaded, var.absolute(), cache_directory(cache), size.value)
    progress = quiet if json else say
    progress(f"bringing up a source of {loaded.stack}")
    with living_source(request, progress) as source:
        progress("taking the backup while it serves")
        taken = take(
            source, recipient, (out or var / "sets").absolute(), (var / "catalogue").absolute(), loaded.stack
        )
    sign_catalogue(taken.catalogue, signing)
    result = {
        "set": str(taken.backup.directory),
        "set_id": taken.backup.manifest.set_id,
        "catalogue": str(taken.catalogue),
        "catalogue_key": signing.keyid,
    }
    tell(result, json, f"backup set {taken.backup.directory}, catalogue {taken.catalogue}")

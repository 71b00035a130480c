"""Seal the evidence of a drill where the key is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import Json, app, tell
from restoreproof.cli.evidence_options import (
    Evidence,
    KeyUri,
    LedgerPlace,
    PublicHalf,
    WithoutLedger,
    evidence_directory,
    open_ledger,
)
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError

_SHOWN = 10


@app.command()
def seal(
    directory: Evidence,
    key: KeyUri,
    public_key: PublicHalf = None,
    ledger: LedgerPlace = None,
    without_ledger: WithoutLedger = False,
    timestamp: Annotated[str | None, typer.Option("--timestamp", help="an RFC 3161 authority's URL")] = None,
    json: Json = False,
) -> None:
    """Seal the evidence of a drill that ran with --no-seal: here, where the key is."""
    from restoreproof.sealing.keys import signing_key
    from restoreproof.sealing.seal import identity_of
    from restoreproof.sealing.seal import seal as seal_evidence
    from restoreproof.sealing.timestamp import stamp
    from restoreproof.verifier import assemble
    from restoreproof.verifier.remake import put_own, remake
    from restoreproof.verifier.verify import Unreproducible, reproduced

    real = evidence_directory(directory)
    refuse_unwritable(real, real.parent)
    signing = signing_key(key, public_key)
    try:
        reproduced(real)  # what is signed is what plan and journal give, whatever was sent here
    except Unreproducible as error:
        raise _not_sealed(real, str(error)) from error
    book = None if without_ledger else open_ledger(real, ledger, signing)  # before: a seal is never replaced
    with tempfile.TemporaryDirectory(prefix="restoreproof-seal-") as scratch:
        remade = remake(real, Path(scratch))
        if remade.unlike:
            listed = "; ".join(f"{name} {what}" for name, what in remade.unlike[:_SHOWN])
            raise _not_sealed(real, listed)
        put_own(Path(scratch), real, remade)
    made = seal_evidence(real, signing)
    assemble.write_beside(real)
    if book:
        book.seal(identity_of(real).drill_id, made.attestation_sha256)
    if timestamp:
        stamp(real, timestamp)
    result = {"sealed": str(real), "attestation_sha256": made.attestation_sha256, "key": made.keyid}
    tell(result, json, f"{real} is sealed by the key SHA256:{made.keyid}")


def _not_sealed(directory: Path, why: str) -> UsageError:
    from restoreproof.verifier.verify import made_elsewhere

    maker = made_elsewhere(directory)
    hint = f"seal it with {maker}, which made it" if maker else "fetch the evidence again"
    return UsageError(f"{directory}: {why}", hint=f"{hint}; the drill's machine has both")

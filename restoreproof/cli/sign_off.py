"""An approver's decision on sealed evidence."""

from __future__ import annotations

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
from restoreproof.sealing.decision import Decision


@app.command(name="sign-off")
def sign_off(
    directory: Evidence,
    name: Annotated[str, typer.Option("--as", help="who decides")],
    role: Annotated[str, typer.Option("--role", help="in which role: management, compliance, owner")],
    decision: Annotated[Decision, typer.Option("--decision", help="whether the evidence is accepted")],
    comment: Annotated[str, typer.Option("--comment", help="why")],
    key: KeyUri,
    public_key: PublicHalf = None,
    ledger: LedgerPlace = None,
    without_ledger: WithoutLedger = False,
    json: Json = False,
) -> None:
    """Accept or reject sealed evidence: a second attestation beside it, by another key than the drill's."""
    from restoreproof.sealing.keys import signing_key
    from restoreproof.sealing.signoff import Word
    from restoreproof.sealing.signoff import sign_off as sign_evidence_off

    real = evidence_directory(directory)
    refuse_unwritable(real.parent)
    signing = signing_key(key, public_key)
    book = None if without_ledger else open_ledger(real, ledger, signing)
    made = sign_evidence_off(real, Word(name, role, decision, comment), signing)
    if book:
        book.sign_off(made.drill_id, str(decision), made.sha256)
    result = {"sign_off": str(made.path), "decision": str(decision), "key": signing.keyid}
    tell(result, json, f"{made.path}: {decision} by {name}, signed by the key SHA256:{signing.keyid}")

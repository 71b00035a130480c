"""Mending a ledger whose last line is torn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import Json, app, tell
from restoreproof.cli.evidence_options import PublicHalf
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError


@app.command(name="mend-ledger")
def mend_ledger(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="the file, such as reports/ledger.jsonl")],
    key: Annotated[
        str | None,
        typer.Option("--key", help="signs the entry; unsigned without: file:PATH, or a KMS or HSM URI"),
    ] = None,
    public_key: PublicHalf = None,
    json: Json = False,
) -> None:
    """Put a signed entry in place of a ledger's torn last line; the torn bytes are kept beside it.

    A crash or a full disk can tear the last line, and no other. Every entry before it stands, and so does the
    evidence that they vouch for. A chain that is broken elsewhere was changed, and is not mended.
    """
    from restoreproof.ledger import Ledger
    from restoreproof.sealing.keys import signing_key

    if not ledger.is_file():
        raise UsageError(f"there is no ledger at {ledger}", hint="name the file: reports/ledger.jsonl")
    refuse_unwritable(ledger.absolute().parent)
    entry = Ledger(ledger.absolute(), signing_key(key, public_key) if key else None).mend()
    if entry is None:
        tell({"mended": False}, json, f"{ledger}: no line is torn, and nothing was changed")
        return
    result = {"mended": True, "head": entry.head, **entry.data}
    tell(
        result,
        json,
        f"{ledger}: {entry.data['torn_bytes']} torn bytes were set aside; the head is {entry.head}",
    )

"""Options and arguments that commands on sealed evidence share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError

if TYPE_CHECKING:
    from restoreproof.ledger import Ledger
    from restoreproof.sealing.keys import SigningKey

Evidence = Annotated[Path, typer.Argument(metavar="DIR", help="the evidence of one drill")]
KeyUri = Annotated[str, typer.Option("--key", help="file:PATH, or a KMS or HSM key by its URI")]
PublicHalf = Annotated[
    Path | None, typer.Option("--public-key", help="the key's public half, for a KMS or HSM")
]
LedgerPlace = Annotated[
    str | None,
    typer.Option("--ledger", help="a file, or s3://BUCKET/PREFIX", show_default="ledger.jsonl beside DIR"),
]
WithoutLedger = Annotated[bool, typer.Option("--without-ledger", help="do without the ledger")]


def evidence_directory(path: Path) -> Path:
    from restoreproof.verifier.answers import Refused
    from restoreproof.verifier.options import directory_of

    try:
        return directory_of(path)
    except Refused as error:
        raise UsageError(str(error), hint="name one drill's, such as reports/latest") from error


def open_ledger(directory: Path, named: str | None, key: SigningKey) -> Ledger:
    from restoreproof.ledger import Ledger
    from restoreproof.ledger.choice import home_of
    from restoreproof.ledger.storage import FileStorage
    from restoreproof.sealing.seal import identity_of

    if named is None and not (directory.parent / "ledger.jsonl").exists():
        raise UsageError(
            f"no ledger beside {directory}", hint="name it with --ledger, or say --without-ledger"
        )
    home = home_of(named, directory.parent / "ledger.jsonl")
    if isinstance(home, FileStorage):
        refuse_unwritable(home.path.parent)
    book = Ledger(home, key, life=directory.parent / ".ledger-running")
    drill = identity_of(directory)  # a broken ledger, or another's, is refused before anything is signed
    book.refuse_stranger(drill.drill_id, drill.stack, drill.record_sha256, drill.journal_sha256)
    return book

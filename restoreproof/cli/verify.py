"""Verify sealed evidence."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restoreproof.cli.app import Json, app, err, out, say
from restoreproof.cli.evidence_options import (
    Evidence,
    LedgerPlace,
    WithoutLedger,
    evidence_directory,
)
from restoreproof.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from restoreproof.verifier.answers import Answer


@app.command()
def verify(
    directory: Evidence,
    key: Annotated[Path, typer.Option("--key", help="the public key, from elsewhere than the evidence")],
    ledger: LedgerPlace = None,
    without_ledger: WithoutLedger = False,
    head: Annotated[str | None, typer.Option("--head", help="SEQ:SHA256, as a drill printed it")] = None,
    max_age: Annotated[str, typer.Option("--max-age", help="30d, 12h, or none")] = "30d",
    drill: Annotated[
        str | None, typer.Option("--drill", help="the drill's id, if the directory was renamed")
    ] = None,
    approver_key: Annotated[
        list[Path] | None, typer.Option("--approver-key", help="a public key that may sign off")
    ] = None,
    tsa_ca: Annotated[
        Path | None, typer.Option("--tsa-ca", help="certificates of the time stamping authority")
    ] = None,
    rerender: Annotated[
        bool | None,
        typer.Option(
            "--rerender/--no-rerender",
            help="render every view anew and compare",
            show_default="where this very version made them",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say whether evidence is authentic, fresh and VERIFIED.

    Exit codes: 0 all three; 1 not authentic, or the drill FAILED (the last line says which); else the
    drill's own code, and 3 for a VERIFIED drill that is too old.
    """
    from restoreproof.sealing.keys import pinned_key
    from restoreproof.sealing.timestamp import check_token
    from restoreproof.verifier.answers import Question, Refused
    from restoreproof.verifier.options import parse_age, parse_head
    from restoreproof.verifier.verify import verify as verify_evidence

    try:
        real = evidence_directory(directory)
        asked = Question(
            directory=real,
            key=pinned_key(key),
            ledger=None if without_ledger else _lines(real, ledger),
            head=parse_head(head),
            max_age=parse_age(max_age),
            drill=drill,
            approvers=tuple(pinned_key(path) for path in approver_key or ()),
        )
    except Refused as error:
        raise UsageError(str(error)) from error
    try:
        answer = verify_evidence(asked, rerender)
        if tsa_ca:
            check_token(real, tsa_ca, answer)
    except OSError as error:
        raise UsageError(
            f"{error.filename} can't be read: {error.strerror}", hint="ask as a user who may read all of it"
        ) from error
    _tell(answer, json)
    raise typer.Exit(answer.exit_code)


def _lines(directory: Path, named: str | None) -> list[bytes]:
    from restoreproof.ledger.choice import home_of
    from restoreproof.verifier.options import ledger_of

    if named and named.startswith("s3://"):
        return home_of(named, directory).peek()
    return ledger_of(directory, Path(named) if named else None)


def _tell(answer: Answer, json: bool) -> None:
    from restoreproof.verifier import answers

    if json:
        # In ASCII: names of files need not be text, and what they hold must not steer a terminal.
        out.print_json(jsonlib.dumps(answers.as_json(answer)), ensure_ascii=True)
        return
    for line in answers.tell(answer):
        say(line)
    if answer.findings:
        err.print("  next: keep the directory as it is, and ask who had it", markup=False)
    elif answer.exit_code not in (ExitCode.VERIFIED, answer.drill_code):
        err.print("  next: run a drill, or say --max-age", markup=False)

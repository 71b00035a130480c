"""Commands about sealed evidence: seal it, verify it, sign it off."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from restoreproof.cli.app import Json, app, err, out, say, tell
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import ExitCode, UsageError
from restoreproof.ledger import Ledger
from restoreproof.ledger.choice import home_of
from restoreproof.ledger.storage import FileStorage
from restoreproof.sealing.keys import SigningKey, pinned_key, signing_key
from restoreproof.sealing.seal import seal as seal_evidence
from restoreproof.sealing.seal import sealed_drill
from restoreproof.sealing.signoff import Decision, Word
from restoreproof.sealing.signoff import sign_off as sign_evidence_off
from restoreproof.sealing.timestamp import check_token, stamp
from restoreproof.verifier import answers, assemble
from restoreproof.verifier.answers import Answer, Question, Refused
from restoreproof.verifier.options import directory_of, ledger_of, parse_age, parse_head
from restoreproof.verifier.verify import Unreproducible, made_elsewhere, reproduced
from restoreproof.verifier.verify import verify as verify_evidence

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
    real = _directory(directory)
    refuse_unwritable(real, real.parent)
    signing = signing_key(key, public_key)
    book = None if without_ledger else _ledger(real, ledger, signing)  # first: a seal is never replaced
    try:
        reproduced(real)  # what is signed is what plan and journal give, whatever was sent here
    except Unreproducible as error:
        maker = made_elsewhere(real)
        hint = f"seal it with {maker}, which made it" if maker else "fetch the evidence again"
        raise UsageError(f"{real}: {error}", hint=f"{hint}; the drill's machine has both") from error
    made = seal_evidence(real, signing)
    assemble.write_beside(real)
    if book:
        book.seal(sealed_drill(real), made.attestation_sha256)
    if timestamp:
        stamp(real, timestamp)
    told = {"sealed": str(real), "attestation_sha256": made.attestation_sha256, "key": made.keyid}
    tell(told, json, f"{real} is sealed by the key SHA256:{made.keyid}")


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
    json: Json = False,
) -> None:
    """Say whether evidence is authentic, fresh and VERIFIED.

    Exit codes: 0 all three; 1 not authentic, or the drill FAILED (the last line says which); else the
    drill's own code, and 3 for a VERIFIED drill that is too old.
    """
    try:
        real = _directory(directory)
        asked = Question(
            directory=real,
            key=pinned_key(key),
            ledger=None if without_ledger else _lines(real, ledger),
            head=parse_head(head),
            max_age=parse_age(max_age),
            drill=drill,
            approvers=tuple(pinned_key(one) for one in approver_key or ()),
        )
    except Refused as error:
        raise UsageError(str(error)) from error
    try:
        answer = verify_evidence(asked)
        if tsa_ca:
            check_token(real, tsa_ca, answer)
    except OSError as error:
        raise UsageError(
            f"{error.filename} can't be read: {error.strerror}", hint="ask as a user who may read all of it"
        ) from error
    _tell(answer, json)
    raise typer.Exit(answer.exit_code)


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
    real = _directory(directory)
    refuse_unwritable(real.parent)
    signing = signing_key(key, public_key)
    book = None if without_ledger else _ledger(real, ledger, signing)
    made = sign_evidence_off(real, Word(name, role, decision, comment), signing)
    if book:
        book.sign_off(made.drill_id, str(decision), made.sha256)
    told = {"sign_off": str(made.path), "decision": str(decision), "key": signing.keyid}
    tell(told, json, f"{made.path}: {decision} by {name}, signed by the key SHA256:{signing.keyid}")


def _directory(path: Path) -> Path:
    try:
        return directory_of(path)
    except Refused as error:
        raise UsageError(str(error), hint="name one drill's, such as reports/latest") from error


def _lines(directory: Path, named: str | None) -> list[bytes]:
    if named and named.startswith("s3://"):
        return home_of(named, directory).peek()
    return ledger_of(directory, Path(named) if named else None)


def _ledger(directory: Path, named: str | None, key: SigningKey) -> Ledger:
    if named is None and not (directory.parent / "ledger.jsonl").exists():
        raise UsageError(
            f"no ledger beside {directory}", hint="name it with --ledger, or say --without-ledger"
        )
    home = home_of(named, directory.parent / "ledger.jsonl")
    if isinstance(home, FileStorage):
        refuse_unwritable(home.path.parent)
    book = Ledger(home, key, life=directory.parent / ".ledger-running")
    book.head()  # one that is broken is said to be so before anything is signed
    return book


def _tell(answer: Answer, json: bool) -> None:
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

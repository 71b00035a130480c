"""The drill, as a command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restoreproof.cli.app import (
    Cache,
    ContractArgument,
    Features,
    Json,
    Var,
    app,
    cache_directory,
    out,
    quiet,
    say,
    tell,
)
from restoreproof.outcome import Verdict
from restoreproof.runtimes import DEFAULT

if TYPE_CHECKING:
    from restoreproof.drill.request import DrillRequest


SetOption = Annotated[
    Path | None, typer.Option("--set", help="the backup set", show_default="VAR/sets/latest")
]
CatalogueOption = Annotated[
    Path | None,
    typer.Option("--catalogue", help="what is known of the set", show_default="VAR/catalogue/SET-ID.json"),
]
CatalogueKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--catalogue-key",
        help="the public key of whoever writes catalogues",
        show_default="the contract's, else VAR/keys/catalogue.pub",
    ),
]
IdentityOption = Annotated[
    Path | None,
    typer.Option("--identity", help="the recovery identity", show_default="VAR/keys/recovery.txt"),
]
ReportsOption = Annotated[Path, typer.Option("--reports", help="where the evidence goes")]
KeywordOption = Annotated[
    str | None, typer.Option("-k", help="run a part (pytest's expression); the verdict is PARTIAL")
]
RuntimeOption = Annotated[str, typer.Option("--runtime", help="where the stack runs")]
FaultOption = Annotated[list[str] | None, typer.Option("--fault", help="inject a fault; never ends VERIFIED")]
UnisolatedOption = Annotated[
    bool,
    typer.Option("--allow-unisolated", help="restore though isolation is unproven; never ends VERIFIED"),
]
CanariesOption = Annotated[
    Path | None,
    typer.Option("--canaries", help="NAME=VALUE lines: further values that no evidence may hold"),
]
TriggerOption = Annotated[
    str, typer.Option("--trigger", help="manual, schedule or release; kept in the record")
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        help="the key that seals: file:PATH, or a KMS or HSM key by its URI",
        show_default="VAR/keys/drill.pem, made once",
    ),
]
PublicKeyOption = Annotated[
    Path | None, typer.Option("--public-key", help="the key's public half, for a KMS or HSM")
]
SealOption = Annotated[
    bool, typer.Option("--seal/--no-seal", help="seal here, or leave it to `seal` on another machine")
]
LedgerOption = Annotated[
    str | None,
    typer.Option("--ledger", help="a file, or s3://BUCKET/PREFIX", show_default="REPORTS/ledger.jsonl"),
]
HeadFileOption = Annotated[
    Path | None, typer.Option("--head-file", help="a file that gets the ledger's last head")
]
TimestampOption = Annotated[str | None, typer.Option("--timestamp", help="an RFC 3161 authority's URL")]


@app.command()
def drill(
    contract: ContractArgument,
    backup_set: SetOption = None,
    catalogue: CatalogueOption = None,
    catalogue_key: CatalogueKeyOption = None,
    identity: IdentityOption = None,
    features: Features = None,
    reports: ReportsOption = Path("reports"),
    keyword: KeywordOption = None,
    runtime: RuntimeOption = DEFAULT,
    fault: FaultOption = None,
    allow_unisolated: UnisolatedOption = False,
    canaries: CanariesOption = None,
    trigger: TriggerOption = "manual",
    key: KeyOption = None,
    public_key: PublicKeyOption = None,
    sealed: SealOption = True,
    ledger: LedgerOption = None,
    head_file: HeadFileOption = None,
    timestamp: TimestampOption = None,
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Restore a backup set into an isolated target, assert every feature, and leave the evidence."""
    from restoreproof.drill.evidence_store import EvidenceOptions
    from restoreproof.drill.request import DrillRequest
    from restoreproof.gherkin.feature_directory import locate
    from restoreproof.runtimes.registry import driver

    located = locate(contract, [features] if features else [], Path.cwd())
    request = DrillRequest(
        contract=contract,
        backup=backup_set or var / "sets" / "latest",
        catalogue=catalogue,
        catalogue_key=catalogue_key,
        identity=identity or var / "keys" / "recovery.txt",
        features=located.features,
        paths=located.parts,
        reports=reports,
        var=var,
        cache=cache_directory(cache),
        filing=EvidenceOptions(key, public_key, sealed, ledger, head_file, timestamp),
        keyword=keyword,
        faults=tuple(fault or ()),
        trigger=trigger,
        allow_unisolated=allow_unisolated,
        canaries=canaries,
        runtime=driver(runtime).name,
        inner_stdout=sys.stderr.fileno() if json else None,
    )
    raise typer.Exit(_perform(request, json=json))


def _perform(request: DrillRequest, *, json: bool) -> int:
    """Perform the drill, tell how it ended, and return its exit code."""
    from restoreproof.faults.preparation import prepared
    from restoreproof.gherkin.outer_run import perform

    with prepared(request) as ready:
        result = perform(ready, quiet if json else say)
    record = result.record
    told = {
        "verdict": str(record.verdict),
        "exit_code": int(result.exit_code),
        "headline": record.headline,
        "report": str(result.directory / "index.html"),
        "ledger_head": result.filed.entry.head,
        "sealed_by": result.filed.seal.keyid if result.filed.seal else None,
        "self_issued": record.custody.self_issued,
        "timestamp_missing": result.filed.untimed,
        "faults": list(record.faults),
        "fidelity": record.as_json()["fidelity"],
    }
    if json:
        tell(told, json, "")
    else:
        _close(told, record)
    return int(result.exit_code)


def _close(told: dict[str, Any], record: Any) -> None:
    colour = {Verdict.VERIFIED: "green", Verdict.FAILED: "red"}.get(record.verdict, "yellow")
    out.print()
    out.print(f"  {record.verdict_words}  ", style=f"bold reverse {colour}")
    say(f"  {told['headline']}")
    counts = record.counts
    say(
        f"  scenarios: {counts.total} planned, {counts.passed} passed, {counts.failed} failed, "
        f"{counts.not_verified} not verified, {counts.error} errors, {counts.waived} waived; "
        f"advisory: {counts.advisory_passed} of {counts.advisory} passed"
    )
    for reason in record.incomplete:
        say(f"  ! {reason}")
    say(f"  report: {told['report']}")
    sealed = f"SHA256:{told['sealed_by']}" if told["sealed_by"] else "not sealed: `restoreproof seal` does it"
    sealed += " (self-issued)" if told["self_issued"] else ""
    say(f"  key:    {sealed}")
    say(f"  ledger: {told['ledger_head']}")
    if told["timestamp_missing"]:
        say(f"  ! {told['timestamp_missing']}")

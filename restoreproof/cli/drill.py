"""The drill, as a command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

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


@app.command()
def drill(
    contract: ContractArgument,
    backup_set: Annotated[
        Path | None, typer.Option("--set", help="the backup set", show_default="VAR/sets/latest")
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--catalogue", help="what is known of the set", show_default="VAR/catalogue/SET-ID.json"
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", help="the recovery identity", show_default="VAR/keys/recovery.txt"),
    ] = None,
    features: Features = None,
    reports: Annotated[Path, typer.Option("--reports", help="where the evidence goes")] = Path("reports"),
    keyword: Annotated[
        str | None, typer.Option("-k", help="run a part (pytest's expression); the verdict is PARTIAL")
    ] = None,
    runtime: Annotated[str, typer.Option("--runtime", help="where the stack runs")] = DEFAULT,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="inject a fault; never ends VERIFIED")
    ] = None,
    allow_unisolated: Annotated[
        bool,
        typer.Option(
            "--allow-unisolated", help="restore a real set though isolation is unproven; never ends VERIFIED"
        ),
    ] = False,
    canaries: Annotated[
        Path | None,
        typer.Option("--canaries", help="NAME=VALUE lines: further values that no evidence may hold"),
    ] = None,
    trigger: Annotated[
        str, typer.Option("--trigger", help="manual, schedule or release; kept in the record")
    ] = "manual",
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="the key that seals: file:PATH, or a KMS or HSM key by its URI",
            show_default="VAR/keys/drill.pem, made once",
        ),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="the key's public half, for a KMS or HSM")
    ] = None,
    sealed: Annotated[
        bool, typer.Option("--seal/--no-seal", help="seal here, or leave it to `seal` on another machine")
    ] = True,
    ledger: Annotated[
        str | None,
        typer.Option("--ledger", help="a file, or s3://BUCKET/PREFIX", show_default="REPORTS/ledger.jsonl"),
    ] = None,
    head_file: Annotated[
        Path | None, typer.Option("--head-file", help="a file that gets the ledger's last head")
    ] = None,
    timestamp: Annotated[str | None, typer.Option("--timestamp", help="an RFC 3161 authority's URL")] = None,
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Restore a backup set into an isolated target, assert every feature, and leave the evidence."""
    from restoreproof.drill.evidence_store import EvidenceOptions
    from restoreproof.faults.preparation import prepared
    from restoreproof.gherkin.feature_directory import locate
    from restoreproof.gherkin.request import Wanted, perform
    from restoreproof.runtimes.registry import driver

    located = locate(contract, [features] if features else [], Path.cwd())
    wanted = Wanted(
        contract=contract,
        backup=backup_set or var / "sets" / "latest",
        catalogue=catalogue,
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
    with prepared(wanted) as request:
        result = perform(request, quiet if json else say)
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
        "fidelity": record.as_json()["fidelity"],
    }
    if json:
        tell(told, json, "")
    else:
        _close(told, record)
    raise typer.Exit(int(result.exit_code))


def _close(told: dict[str, Any], record: Any) -> None:
    colour = {Verdict.VERIFIED: "green", Verdict.FAILED: "red"}.get(record.verdict, "yellow")
    out.print()
    out.print(f"  {told['verdict']}  ", style=f"bold reverse {colour}")
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

"""The command line. Every command says what it did in one line, and names the next step when it fails."""

from __future__ import annotations

import json as jsonlib
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console

from restoreproof.assets.identity_file import make_identity, recipient_of
from restoreproof.backups.opening import open_set
from restoreproof.contract import load, nouns
from restoreproof.drill.backup import SourceRequest, living_source, take
from restoreproof.errors import ExitCode, RestoreproofError, UsageError
from restoreproof.faults.base import faults_of
from restoreproof.faults.preparing import prepared
from restoreproof.gherkin.document import feature_files
from restoreproof.gherkin.lint import lint as lint_features
from restoreproof.gherkin.request import Wanted, perform, step_modules
from restoreproof.outcome import Verdict
from restoreproof.runtimes.process.command import step_down
from restoreproof.runtimes.process.doctor import diagnose

app = typer.Typer(
    help="Restore drills whose verdict a stranger can trust.\n\n"
    "Start with `restoreproof backup CONTRACT`, then `restoreproof drill CONTRACT`.\n\n"
    "Exit codes: 0 VERIFIED, 1 FAILED, 2 could not start, 3 NOT VERIFIED or PARTIAL, "
    "4 no trustworthy evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

ContractArgument = Annotated[
    Path, typer.Argument(metavar="CONTRACT", help="the stack.yaml that names the stack")
]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
Var = Annotated[
    Path, typer.Option("--var", help="where sets, catalogues, keys and work directories are kept")
]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", help="where Keycloak is built once", show_default="the user's cache directory"),
]


class SeedSize(StrEnum):
    """How much a source is seeded with."""

    DEFAULT = "default"
    SMALL = "small"


Size = Annotated[SeedSize, typer.Option("--size", help="how much the source is seeded with")]
Features = Annotated[Path, typer.Option("--features", help="the directory of the .feature files")]


def _say(text: str) -> None:
    _out.print(text, markup=False)


def _cache(given: Path | None) -> Path:
    return (given or user_cache_path("restoreproof")).absolute()


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
    size: Size = SeedSize.DEFAULT,
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Bring up a source of the stack, back it up while it serves, and destroy it."""
    loaded, key = load(contract), identity or var / "keys" / "recovery.txt"
    recipient = recipient_of(key) if key.exists() else make_identity(key)
    request = SourceRequest(loaded, var.absolute(), _cache(cache), ("--size", size, "--seed", "7"))
    say = _quiet if json else _say
    say(f"bringing up a source of {loaded.stack}")
    with living_source(request, say) as source:
        say("taking the backup while it serves")
        taken = take(
            source, recipient, (out or var / "sets").absolute(), (var / "catalogue").absolute(), loaded.stack
        )
    told = {
        "set": str(taken.backup.directory),
        "set_id": taken.backup.manifest.set_id,
        "catalogue": str(taken.catalogue),
    }
    _tell(told, json, f"backup set {taken.backup.directory}, catalogue {taken.catalogue}")


@app.command()
def up(
    contract: ContractArgument, var: Var = Path("var"), cache: Cache = None, size: Size = SeedSize.DEFAULT
) -> None:
    """Bring up a source of the stack and keep it until Ctrl-C; Enter takes a backup of it."""
    loaded = load(contract)
    key = var / "keys" / "recovery.txt"
    recipient = recipient_of(key) if key.exists() else make_identity(key)
    request = SourceRequest(loaded, var.absolute(), _cache(cache), ("--size", size, "--seed", "7"))
    with living_source(request, _say) as source:
        _say("the source serves; press Enter for a backup, Ctrl-C or Ctrl-D to destroy it")
        try:
            while sys.stdin.readline():
                taken = take(
                    source, recipient, (var / "sets").absolute(), (var / "catalogue").absolute(), loaded.stack
                )
                _say(f"backup set {taken.backup.directory}")
        except KeyboardInterrupt:
            _say("destroying the source")


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
    features: Features = Path("features"),
    reports: Annotated[Path, typer.Option("--reports", help="where the evidence goes")] = Path("reports"),
    keyword: Annotated[
        str | None, typer.Option("-k", help="run a part (pytest's expression); the verdict is PARTIAL")
    ] = None,
    runtime: Annotated[str, typer.Option("--runtime", help="where the stack runs")] = "process",
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="inject a fault; never ends VERIFIED")
    ] = None,
    allow_unisolated: Annotated[
        bool, typer.Option(help="restore a real set though isolation is unproven")
    ] = False,
    trigger: Annotated[
        str, typer.Option("--trigger", help="manual, schedule or release; kept in the record")
    ] = "manual",
    var: Var = Path("var"),
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Restore a backup set into an isolated target, assert every feature, and leave the evidence."""
    if runtime != "process":
        raise UsageError(f"there is no runtime {runtime!r} yet", hint="--runtime process")
    wanted = Wanted(
        contract=contract,
        backup=backup_set or var / "sets" / "latest",
        catalogue=catalogue,
        identity=identity or var / "keys" / "recovery.txt",
        features=features,
        reports=reports,
        var=var,
        cache=_cache(cache),
        keyword=keyword,
        faults=tuple(fault or ()),
        trigger=trigger,
        allow_unisolated=allow_unisolated,
        inner_stdout=sys.stderr.fileno() if json else None,
    )
    with prepared(wanted) as request:
        result = perform(request, _quiet if json else _say)
    record = result.record
    told = {
        "verdict": str(record.verdict),
        "exit_code": int(result.exit_code),
        "headline": record.headline,
        "report": str(result.directory / "index.html"),
    }
    if json:
        _tell(told, json, "")
    else:
        _close(told, record)
    raise typer.Exit(int(result.exit_code))


def _close(told: dict[str, Any], record: Any) -> None:
    colour = {Verdict.VERIFIED: "green", Verdict.FAILED: "red"}.get(record.verdict, "yellow")
    _out.print()
    _out.print(f"  {told['verdict']}  ", style=f"bold reverse {colour}")
    _say(f"  {told['headline']}")
    counts = record.counts
    _say(
        f"  scenarios: {counts.total} planned, {counts.passed} passed, {counts.failed} failed, "
        f"{counts.not_verified} not verified, {counts.error} errors, {counts.waived} waived"
    )
    for reason in record.incomplete:
        _say(f"  ! {reason}")
    _say(f"  report: {told['report']}")


@app.command()
def lint(
    contract: ContractArgument = Path("compose/wipe/stack.yaml"),
    features: Features = Path("features"),
    json: Json = False,
) -> None:
    """Refuse features that could pass without asserting anything, and nouns that do not exist."""
    loaded = load(contract)
    if not feature_files(features):
        raise UsageError(f"no .feature file below {features}", hint="point --features at the directory")
    root = features.absolute().parent
    sys.path.insert(0, str(root))
    phrases = ("restoreproof.gherkin.steps", *step_modules(root))
    findings = lint_features(features, loaded.order, nouns(loaded), phrases)
    if json:
        _out.print_json(jsonlib.dumps([str(finding) for finding in findings]))
    for finding in () if json else findings:
        _say(str(finding))
    if findings:
        raise typer.Exit(int(ExitCode.COULD_NOT_START))
    if not json:
        _say(f"{features}: nothing to object to")


@app.command()
def faults(contract: ContractArgument = Path("compose/wipe/stack.yaml"), json: Json = False) -> None:
    """List the faults that `drill --fault` can inject, and the checks that must notice each."""
    known = faults_of(load(contract).stack).values()
    told = [
        {"name": one.name, "what": one.title, "where": one.sort, "noticed_by": one.detected_by}
        for one in known
    ]
    if json:
        _out.print_json(jsonlib.dumps(told))
    for one in () if json else known:
        _say(f"{one.name}: {one.title} ({one.sort}) → {', '.join(one.detected_by)}")


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(help="the file to write")] = Path("var/keys/recovery.txt"),
) -> None:
    """Make a recovery identity (age); keep it apart from the backups it opens."""
    _say(f"{path}: public recipient {make_identity(path)}")


@app.command()
def doctor(json: Json = False, cache: Cache = None) -> None:
    """Say what this machine has and lacks for a drill."""
    findings = diagnose(_cache(cache))
    if json:
        _out.print_json(
            jsonlib.dumps([{"what": one.what, "ok": one.ok, "detail": one.detail} for one in findings])
        )
    else:
        for one in findings:
            _say(f"{'✔' if one.ok else '✘'} {one.what}: {one.detail}")
    if not all(one.ok for one in findings):
        raise typer.Exit(int(ExitCode.NOT_VERIFIED))


@app.command(name="show")
def show_set(
    backup_set: Annotated[Path, typer.Argument(help="a backup set")],
    contract: Annotated[Path, typer.Option()],
) -> None:
    """Say what a backup set holds."""
    loaded = open_set(backup_set, load(contract).stack)
    manifest = loaded.manifest
    _say(
        f"{manifest.set_id} of {manifest.stack} at {manifest.recovery_point}, {len(manifest.artifacts)} files"
    )


def _quiet(_: str) -> None:
    """Progress has no place in JSON output."""


def _tell(value: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        _out.print_json(jsonlib.dumps(value))
    else:
        _say(text)


def main() -> None:
    """Run the command line as an ordinary user, and turn every failure on purpose into its exit code."""
    _run(_as_ordinary_user)


def _as_ordinary_user() -> None:
    code = step_down(sys.argv, user_cache_path("restoreproof"))
    if code is not None:
        sys.exit(code)
    app(standalone_mode=True)


def _run(command: Callable[[], Any]) -> None:
    try:
        command()
    except RestoreproofError as error:
        _err.print(f"restoreproof: {error}", markup=False, style="red")
        sys.exit(int(error.exit_code))
    except OSError as error:
        _err.print(f"restoreproof: {error.strerror}: {error.filename}", markup=False, style="red")
        _err.print("  next: see that this user may write there and that the disk has room", markup=False)
        sys.exit(int(ExitCode.NO_TRUSTWORTHY_EVIDENCE))
    except KeyboardInterrupt:
        _err.print("restoreproof: interrupted", markup=False)
        sys.exit(int(ExitCode.NOT_VERIFIED))
    except Exception:  # noqa: BLE001 - Python's own exit code for it, 1, would say that the backup FAILED
        traceback.print_exc()
        _err.print(
            "restoreproof: this is a defect of the harness; nothing is said of the backup", markup=False
        )
        sys.exit(int(ExitCode.NO_TRUSTWORTHY_EVIDENCE))


if __name__ == "__main__":
    main()

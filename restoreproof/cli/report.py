"""Making a drill's reports anew, as a command."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restoreproof.cli.app import Json, app, err, tell
from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from restoreproof.views.rerender import RenderComparison

_SHOWN = 10


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="the evidence of one drill")],
    into: Annotated[
        Path | None, typer.Option("--out", help="render into this empty directory instead")
    ] = None,
    json: Json = False,
) -> None:
    """Render every view anew from plan.json and journal.jsonl.

    Sealed evidence is never touched: its views are rendered elsewhere and held against the sealed ones,
    byte for byte. Ends with 0 if they are the same, with 4 if not.
    """
    from restoreproof.views.rerender import is_sealed, render_again

    if not directory.is_dir():
        raise UsageError(f"{directory} is no directory", hint="name one drill's, such as reports/latest")
    directory = directory.resolve()
    if into is not None:
        _refuse_unfit(into, directory)
    if not is_sealed(directory):
        refuse_unwritable(into or directory)
        record = render_again(directory, into)
        where = str(into or directory)
        result = {"rendered": where, "sealed": False, "verdict": str(record.verdict)}
        tell(result, json, f"{where}: every view rendered anew: {record.verdict_words}")
    elif into is not None:
        refuse_unwritable(into)
        _held_against(directory, into, into, json)
    else:
        with tempfile.TemporaryDirectory(prefix="restoreproof-report-") as scratch:
            _held_against(directory, Path(scratch), None, json)


def _held_against(sealed: Path, rendered: Path, kept: Path | None, json: bool) -> None:
    from restoreproof.views.rerender import compare, render_again

    record = render_again(sealed, rendered)
    comparison = compare(rendered, sealed)
    result = {
        "rendered": str(kept) if kept else None,
        "sealed": True,
        "equal": comparison.equal,
        "same": len(comparison.same),
        "different": list(comparison.different),
        "missing": list(comparison.missing),
        "added": list(comparison.added),
        "verdict": str(record.verdict),
    }
    equal = f"{len(comparison.same)} files rendered anew are, byte for byte, those that were sealed"
    tell(
        result,
        json,
        f"{sealed}: {equal if comparison.equal else 'the sealed views are not what plan and journal give'}",
    )
    if not comparison.equal:
        _explain(comparison, sealed)
        raise typer.Exit(int(ExitCode.NO_TRUSTWORTHY_EVIDENCE))


def _explain(comparison: RenderComparison, sealed: Path) -> None:
    from restoreproof.verifier.verify import made_elsewhere, this

    for word, names in (
        ("differs", comparison.different),
        ("is missing", comparison.missing),
        ("is no view of this drill, nor a log as its journal names it", comparison.added),
    ):
        for name in names[:_SHOWN]:
            err.print(f"  {name} {word}", markup=False)
        if len(names) > _SHOWN:
            err.print(f"  … and {len(names) - _SHOWN} more", markup=False)
    maker = made_elsewhere(sealed)
    other = f"{maker} made it, and this is {this()}: render it with that one; " if maker else ""
    err.print(f"  next: {other}ask `restoreproof verify` whether the seal holds", markup=False)


def _refuse_unfit(into: Path, directory: Path) -> None:
    if into.resolve().is_relative_to(directory):
        raise UsageError(f"--out {into} lies in the evidence itself", hint="name a directory elsewhere")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UsageError(f"--out {into} is not an empty directory", hint="name one that is not there yet")

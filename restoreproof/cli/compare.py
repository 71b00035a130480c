"""Holding one drill's record against another's, as a command."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restoreproof.cli.app import Json, app, tell
from restoreproof.errors import ExitCode

if TYPE_CHECKING:
    from restoreproof.record.model import Record


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="DIR", help="the evidence of one drill")],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="the evidence of another, of the same set")],
    different_runtimes: Annotated[
        bool, typer.Option("--different-runtimes", help="refuse two drills of the same runtime (exit code 2)")
    ] = False,
    json: Json = False,
) -> None:
    """Compare two drills of one set, such as one in each runtime: verdict, outcomes and examined counts.

    Ends with 0 if both say the same, with 1 if not. Whether the records are authentic is for `verify` to say.
    """
    from restoreproof.comparison import differences, read_record, refuse_same_runtime

    records = read_record(first), read_record(second)
    if different_runtimes:
        refuse_same_runtime(*records)
    different = differences(*records)
    result = {
        "alike": not different,
        "checks": len(records[0].checks),
        "differences": [asdict(difference) for difference in different],
    }
    lines = [
        f"{difference.subject}\n  {first}: {difference.first}\n  {second}: {difference.second}"
        for difference in different
    ]
    tell(result, json, "\n".join(lines) if different else _alike(*records))
    if different:
        raise typer.Exit(int(ExitCode.FAILED))


def _alike(first: Record, second: Record) -> str:
    examined = sum(check.examined_total for check in first.checks)
    runtimes = " and ".join(str(record.target.runtime) for record in (first, second))
    same = f"{len(first.checks)} checks with the same outcomes, {examined} things examined in each"
    return f"{runtimes}: {first.verdict}; {same}"

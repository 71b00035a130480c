"""What every command shares: the application, its consoles, and the options that mean the same everywhere."""

from __future__ import annotations

import json as jsonlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console

from restoreproof.display import shown

LONGEST = 20_000
"""Characters of one message."""

app = typer.Typer(
    help="Restore drills whose verdict a stranger can trust.\n\n"
    "Start with `restoreproof backup CONTRACT`, then `restoreproof drill CONTRACT`.\n\n"
    "Exit codes: 0 VERIFIED, 1 FAILED, 2 could not start, 3 NOT VERIFIED or PARTIAL, "
    "4 no trustworthy evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        out.print(f"restoreproof {version('restoreproof')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="print the version and end"),
    ] = False,
) -> None:
    """Take what goes for no command; its help is the application's."""


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
Features = Annotated[
    Path | None,
    typer.Option(
        "--features",
        help="the features, or a part of them",
        show_default="features/ beside CONTRACT or above it",
    ),
]


def say(text: str) -> None:
    """Print ``text``; what of it came from a backup can't steer the terminal."""
    out.print(shown(text, LONGEST), markup=False)


def cache_directory(chosen: Path | None) -> Path:
    return (chosen or user_cache_path("restoreproof")).absolute()


def quiet(_: str) -> None:
    """Do nothing: progress has no place in JSON output."""


def tell(value: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        out.print_json(jsonlib.dumps(value))
    else:
        say(text)

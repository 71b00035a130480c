"""Under root: the same command line again, as an ordinary user who is given the directories it writes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from restoreproof.errors import UsageError
from restoreproof.runtimes import DEFAULT

_RUNNING = frozenset({"backup", "up", "drill"})
_OURS = re.compile(
    r"\d{8}T\d{6}Z-.*|keycloak.*|allure.*|maven|restoreproof|sets|catalogue|keys|run|inputs|source|home|releases"
    r"|bench|ci|faults|tests|tools|ledger\..*|refused\.jsonl|latest|quarantine|verify_evidence\.py|README\.md|\..*"
)
"""What restoreproof keeps in its directories; one that holds something else is not given away."""


def step_down(argv: Sequence[str], cache: Path) -> int | None:
    """Run a command that runs a stack as an ordinary user, if this is root; returns its exit code.

    None means that there is nothing to step down from. ``cache`` is where the cache is by default.

    Raises:
        UsageError: a directory that it would write, and so be given, holds somebody else's files.
        RestoreproofError: see ``the_same_as_ordinary_user``.
    """
    if os.geteuid() != 0 or not _RUNNING & set(argv[1:2]) or "--help" in argv:
        return None
    # Only root needs them, and only for these commands.
    from restoreproof.runtimes.host.privileges import the_same_as_ordinary_user
    from restoreproof.runtimes.registry import driver

    if not driver(_word(argv, "--runtime") or DEFAULT).steps_down:
        return None
    defaults = {"--var": Path("var"), "--reports": Path("reports"), "--cache": cache}
    writable = [_asked(argv, option, default) for option, default in defaults.items()]
    for directory in writable:
        make_or_refuse(directory)
    return the_same_as_ordinary_user("restoreproof.cli", argv[1:], writable, [Path.cwd()])


def _asked(argv: Sequence[str], option: str, default: Path) -> Path:
    """Return the path given to ``option`` on this command line, absolute; else the default."""
    return Path(_word(argv, option) or default).absolute()


def _word(argv: Sequence[str], option: str) -> str | None:
    """Return what is given to ``option`` on this command line, if anything is."""
    for number, word in enumerate(argv):
        if word == option and number + 1 < len(argv):
            return argv[number + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def make_or_refuse(directory: Path) -> None:
    """Make ``directory``; raise UsageError if it holds a file that restoreproof does not keep there."""
    strange = [path.name for path in _listed(directory) if not _OURS.fullmatch(path.name)]
    if strange:
        raise UsageError(
            f"{directory} would be given to the user that the drill runs as, and holds {strange[0]!r}",
            hint="name a directory of restoreproof's own",
        )
    directory.mkdir(parents=True, exist_ok=True)


def _listed(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []

"""Which program this is: its version, its commit, and the code that makes a record of plan and journal."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

import restoreproof
from restoreproof.events import BuildFacts

LOCK = Path("locks") / "harness.txt"
_PACKAGE = Path(restoreproof.__file__).resolve().parent
_DECIDING = (
    "*.py",
    "events/*.py",
    "journal/*.py",
    "record/**/*.py",
    "redaction/*.py",
    "verifier/*.py",
    "views/**/*.py",
    "views/*.toml",
    "views/templates/*.*",
)


def harness_build(root: Path = _PACKAGE.parent) -> BuildFacts:
    """Return the versions of this program and of Python; commit and lock file of the checkout in ``root``."""
    lock = root / LOCK
    return BuildFacts(
        version=restoreproof.__version__,
        git_commit=git_commit(root),
        code_sha256=code_sha256(),
        lockfile_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
        python=platform.python_version(),
    )


@cache
def code_sha256() -> str:
    """Return the SHA-256 (hex) of the code that decides the bytes of a record and its views.

    Neither version nor commit can stand for it: between two releases the version stays, an installed
    package has no commit, and a checkout may differ from its commit. The layer rule keeps that code
    to this package and the modules of the words.
    """
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _DECIDING for path in _PACKAGE.glob(pattern)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def spoken(harness: str, commit: str | None) -> str:
    """Return a program's name with the beginning of its commit, if it has one."""
    return f"{harness} (commit {commit[:12]})" if commit else harness


def git_commit(root: Path) -> str | None:
    """Return the commit that the checkout in ``root`` is at; None if it is no checkout, or can't be read.

    Read from git's files and not by git, which refuses another user's checkout and runs what it configures.
    """
    try:
        home = _git_directory(root)
        head = (home / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        return _resolved(home, head.removeprefix("ref: "))
    except (OSError, UnicodeDecodeError):
        return None


def _git_directory(root: Path) -> Path:
    """The directory ``.git``, or the one that a file of that name leads to in a further work tree."""
    git = root / ".git"
    return (root / git.read_text().strip().removeprefix("gitdir: ")) if git.is_file() else git


def _resolved(home: Path, reference: str) -> str | None:
    common = home / "commondir"
    shared = home / common.read_text().strip() if common.is_file() else home
    loose = shared / reference
    if loose.is_file():
        return loose.read_text().strip()
    packed = shared / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {reference}")), None)

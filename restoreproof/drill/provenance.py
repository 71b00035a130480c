"""Who asked for a drill and which program performs it, as far as this machine tells."""

from __future__ import annotations

import hashlib
import os
import platform
import pwd
from collections.abc import Mapping
from pathlib import Path

import restoreproof

LOCK = Path("locks") / "harness.txt"
_ACTORS = (
    "RESTOREPROOF_OPERATOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_USER_ID",
    "RESTOREPROOF_LOGIN",
)
_RUN_URLS = ("CI_JOB_URL", "BUILD_URL")


def operator(environment: Mapping[str, str] = os.environ) -> str | None:
    """The name given in RESTOREPROOF_OPERATOR, else the actor that the CI names, else the login name."""
    for name in _ACTORS:
        if given := environment.get(name):
            return given
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a uid that no user has, as in many containers
        return environment.get("LOGNAME") or environment.get("USER")


def ci_run_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the CI shows this run: GitHub's and Gitea's, GitLab's or Jenkins' variables."""
    parts = [environment.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    if all(parts):
        return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}"
    return next((environment[name] for name in _RUN_URLS if environment.get(name)), None)


def harness_build(root: Path | None = None) -> dict[str, str | None]:
    """The versions of this program and of Python; commit and lock file of the checkout that it runs from."""
    root = root or Path(restoreproof.__file__).resolve().parents[1]
    lock = root / LOCK
    return {
        "version": restoreproof.__version__,
        "git_commit": git_commit(root),
        "lockfile_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
        "python": platform.python_version(),
    }


def git_commit(root: Path) -> str | None:
    """The commit that the checkout in ``root`` is at; None if it is no checkout, or can't be read.

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
    """``.git`` itself, or what it leads to in a further work tree."""
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

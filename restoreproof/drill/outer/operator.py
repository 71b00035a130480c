"""Who asked for a drill, as far as this machine tells."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

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

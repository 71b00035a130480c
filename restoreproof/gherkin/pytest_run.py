"""Runs of features that someone typed: which they are, and which can't be."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from restoreproof.errors import RestoreproofError, UsageError

CONTRACT = "RESTOREPROOF_CONTRACT"
"""Names the contract where a project has none, or several, at ``compose/*/stack.yaml``."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """``pytest features/… -k …`` as it was typed."""

    args: list[str]
    keyword: str | None


def by_hand(config: pytest.Config) -> ByHand | None:
    """What was asked for, if the arguments are features and nothing else; None for an ordinary test run.

    Raises:
        pytest.UsageError: features together with other tests, or with options that a drill can't honour.
    """
    option = config.option
    if not _names_features(config) or option.collectonly or getattr(option, "showfixtures", False):
        return None
    others = [arg for arg in config.args if not _is_features(config, arg)]
    if others:
        raise pytest.UsageError(
            f"features run as a drill, apart from other tests: leave out {', '.join(others)}"
        )
    refuse_xdist(config)
    if option.markexpr:
        raise pytest.UsageError("a drill selects with -k; the tags of features are no pytest markers")
    return ByHand(list(config.args), option.keyword or None)


def run_by_hand(config: pytest.Config, asked: ByHand) -> int:
    """Perform the drill that was asked for on the latest set, say how it ended, and return its exit code."""
    try:
        return _perform(config.rootpath, config.invocation_params.dir, asked)
    except RestoreproofError as error:
        sys.stderr.write(f"restoreproof: {error}\n")
        return int(error.exit_code)


def _perform(root: Path, here: Path, asked: ByHand) -> int:
    # Heavy, and only a run of features by hand needs the outer process.
    from restoreproof.gherkin.request import Wanted, perform
    from restoreproof.runtimes.process.privileges import the_same_as_ordinary_user

    contract = _contract(root)
    cache = platformdirs.user_cache_path("restoreproof")
    if os.geteuid() == 0:
        writable = [root / "var", root / "reports", cache]
        for directory in writable:
            directory.mkdir(parents=True, exist_ok=True)
        keyword = ["-k", asked.keyword] if asked.keyword else []
        arguments = ["-p", "restoreproof.plugin", f"--rootdir={root}", *asked.args, *keyword]
        return the_same_as_ordinary_user("pytest", arguments, writable, [root])
    features = _features_of(here / asked.args[0].partition("::")[0])
    paths = tuple(here / arg for arg in asked.args)
    var = root / "var"
    result = perform(
        Wanted(
            contract=contract,
            backup=var / "sets" / "latest",
            identity=var / "keys" / "recovery.txt",
            features=features,
            reports=root / "reports",
            var=var,
            cache=cache,
            paths=() if features in paths else paths,
            keyword=asked.keyword,
        ),
        lambda text: print(text, flush=True),
    )
    record = result.record
    print(f"\n{record.verdict.value}: {record.headline}\nreport: {result.directory / 'index.html'}")
    return int(result.exit_code)


def _features_of(path: Path) -> Path:
    """The outermost directory called ``features`` on the way to ``path``, or the one that ``path`` is in."""
    absolute = path.absolute()
    candidates = [*reversed(absolute.parents), absolute]
    named = [candidate for candidate in candidates if candidate.name == "features" and candidate.is_dir()]
    return named[0] if named else absolute.parent


def _contract(root: Path) -> Path:
    if named := os.environ.get(CONTRACT):
        return Path(named).absolute()
    found = sorted(root.glob("compose/*/stack.yaml"))
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{len(found)} contracts at compose/*/stack.yaml; a run by hand needs one",
        hint=f"set {CONTRACT}, or use restoreproof drill CONTRACT",
    )


def refuse_xdist(config: pytest.Config, *, collecting: bool = False) -> None:
    """Raise pytest.UsageError if features would be spread over worker processes: one restore serves all."""
    spread = getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput")
    if spread and (collecting or _names_features(config)):
        raise pytest.UsageError("features can't be spread over processes (xdist): run them without -n")


def _names_features(config: pytest.Config) -> bool:
    return any(_is_features(config, arg) for arg in config.args)


def _is_features(config: pytest.Config, arg: str) -> bool:
    path = config.invocation_params.dir / arg.partition("::")[0]
    if path.suffix == ".feature":
        return True
    if not path.is_dir() or path.resolve() == config.rootpath.resolve():
        return False
    return "features" in path.resolve().relative_to(_above(config, path)).parts


def _above(config: pytest.Config, path: Path) -> Path:
    """The part of a path that says nothing about it: where a checkout lies may have any name."""
    resolved, root = path.resolve(), config.rootpath.resolve()
    return root if resolved.is_relative_to(root) else Path(resolved.anchor)

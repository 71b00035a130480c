"""Runs of features that someone typed: which they are, and which can't be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest


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

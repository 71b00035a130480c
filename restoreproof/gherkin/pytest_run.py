"""Runs of features that someone typed: which they are, what of pytest they may ask for, and what can't be."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from restoreproof.errors import RestoreproofError, UsageError
from restoreproof.gherkin.feature_directory import (
    NAME,
    contract_of,
    contracts_of,
    features_of_contract,
    locate,
)

PLUGIN = "restoreproof.plugin"

_WITHOUT_RUNNING = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "collectonly")
"""What makes pytest tell something and run nothing: it does so for features as for any test."""

_HONOURED = frozenset(
    {
        *("file_or_dir", "keyword", "maxfail", "verbose", "capture", "tbstyle", "showlocals"),
        *("allure_report_dir", "clean_alluredir", "xmlpath"),
        *("rootdir", "inifilename", "strict", "strict_markers", "strict_config"),
    }
)
"""The destinations of options that do in a drill what they do in pytest; a drill is strict by itself."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """``pytest features/… -k … --junitxml=…`` as it was typed in the directory ``here``.

    ``options`` are those that the inner pytest is to be given. ``allure`` and ``junit`` are where the results
    are wanted besides the evidence; ``clean_allure`` empties the former first.
    """

    args: list[str]
    keyword: str | None
    here: Path
    options: tuple[str, ...] = ()
    allure: Path | None = None
    clean_allure: bool = False
    junit: Path | None = None


def is_project(config: pytest.Config) -> bool:
    """Whether this project has a contract and features: in any other, the plugin does nothing."""
    if PLUGIN in _named_plugins(config):
        return True
    here = config.invocation_params.dir
    return any(features_of_contract(contract, here) for contract in contracts_of(config.rootpath))


def names_features(config: pytest.Config) -> bool:
    """Whether an argument is a feature, a directory of features, or a test beside them."""
    return any(_is_features(config, arg) for arg in config.args)


def features_of_project(config: pytest.Config) -> list[Path]:
    """The directories of features of the project's contracts."""
    here = config.invocation_params.dir
    found = (features_of_contract(contract, here) for contract in contracts_of(config.rootpath))
    return list(dict.fromkeys(features for features in found if features))


def by_hand(config: pytest.Config) -> ByHand | None:
    """What was asked for, if the arguments are features and nothing else; None for an ordinary test run.

    Raises:
        UsageError: features together with other tests, or with options that a drill can't honour.
    """
    option = config.option
    if not names_features(config) or any(getattr(option, name, False) for name in _WITHOUT_RUNNING):
        return None
    others = [arg for arg in config.args if not _is_features(config, arg)]
    if others:
        raise UsageError(f"features run as a drill, apart from other tests: leave out {', '.join(others)}")
    if reason := _spread(config):
        raise UsageError(reason)
    if option.markexpr:
        raise UsageError("a drill selects with -k; the tags of features are no pytest markers: leave out -m")
    if refused := list(_refused(config)):
        raise UsageError(
            f"a drill can't do what {' and '.join(refused)} asks for: leave it out",
            hint="it honours -k, -x, -v, -q, -s, -l, --maxfail, --tb, --alluredir, --junitxml, --co",
        )
    here = config.invocation_params.dir
    allure, junit = getattr(option, "allure_report_dir", None), getattr(option, "xmlpath", None)
    return ByHand(
        list(config.args),
        option.keyword or None,
        here,
        tuple(_passed_on(config)),
        here / allure if allure else None,
        bool(getattr(option, "clean_alluredir", False)),
        here / junit if junit else None,
    )


def run_by_hand(config: pytest.Config, asked: ByHand) -> int:
    """Perform the drill that was asked for on the latest set, say how it ended, and return its exit code."""
    try:
        # Whoever reads it when this drill could not start must not find what an older one left.
        if asked.junit:
            asked.junit.unlink(missing_ok=True)
        code, evidence = _perform(config.rootpath, asked)
        if evidence:
            leave_results(evidence, asked)
        return code
    except (RestoreproofError, OSError) as error:
        sys.stderr.write(f"restoreproof: {error}\n")
        return int(error.exit_code if isinstance(error, RestoreproofError) else UsageError.exit_code)


def leave_results(evidence: Path, asked: ByHand) -> None:
    """Copy what the drill left in ``evidence`` to where ``asked`` wants it. Raises OSError."""
    if asked.junit:
        asked.junit.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(evidence / "junit.xml", asked.junit, follow_symlinks=False)
    if asked.allure:
        if asked.clean_allure and asked.allure.is_dir():
            shutil.rmtree(asked.allure)
        asked.allure.mkdir(parents=True, exist_ok=True)
        for path in sorted((evidence / "allure-results").iterdir()):
            # The evidence of a drill below root is another user's: no link of theirs is followed.
            if path.is_file() and not path.is_symlink():
                shutil.copyfile(path, asked.allure / path.name)


def _perform(root: Path, asked: ByHand) -> tuple[int, Path | None]:
    """Perform it; returns its exit code, and where its evidence is if it left any."""
    # Heavy, and only a run of features by hand needs the outer process.
    import platformdirs

    from restoreproof.drill.request import DrillRequest
    from restoreproof.gherkin.outer_run import perform
    from restoreproof.runtimes.host.privileges import the_same_as_ordinary_user

    contract = contract_of(root)
    cache = platformdirs.user_cache_path("restoreproof")
    if os.geteuid() == 0:
        writable = [root / "var", root / "reports", cache]
        for directory in writable:
            directory.mkdir(parents=True, exist_ok=True)
        keyword = ["-k", asked.keyword] if asked.keyword else []
        arguments = ["-p", PLUGIN, f"--rootdir={root}", *asked.args, *keyword, *asked.options]
        before = _latest(root)
        code = the_same_as_ordinary_user("pytest", arguments, writable, [root])
        latest = _latest(root)
        return code, latest if latest != before else None
    located = locate(contract, [Path(arg) for arg in asked.args], asked.here)
    var = root / "var"
    result = perform(
        DrillRequest(
            contract=contract,
            backup=var / "sets" / "latest",
            identity=var / "keys" / "recovery.txt",
            features=located.features,
            reports=root / "reports",
            var=var,
            cache=cache,
            paths=located.parts,
            keyword=asked.keyword,
            pytest_options=asked.options,
        ),
        lambda text: print(text, flush=True),
    )
    record = result.record
    print(f"\n{record.verdict_words}: {record.headline}\nreport: {result.directory / 'index.html'}")
    return int(result.exit_code), result.directory


def _latest(root: Path) -> Path | None:
    """The evidence of the newest drill that left a record; None if there is none."""
    latest = (root / "reports" / "latest").resolve()
    own_report = latest.parent == (root / "reports").resolve()
    return latest if own_report and (latest / "record.json").is_file() else None


def refuse_xdist(config: pytest.Config) -> None:
    """Raise pytest.UsageError if features would be spread over worker processes: one restore serves all."""
    if reason := _spread(config):
        raise pytest.UsageError(reason)


def _spread(config: pytest.Config) -> str:
    spread = getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput")
    return "features can't be spread over processes (xdist): run them without -n" if spread else ""


def _is_features(config: pytest.Config, arg: str) -> bool:
    path = config.invocation_params.dir / arg.partition("::")[0]
    if path.suffix == ".feature":
        return True
    place = path.resolve()
    if not place.exists() or place == config.rootpath.resolve():
        return False
    if any(place.is_relative_to(features.resolve()) for features in features_of_project(config)):
        return True
    return place.is_dir() and NAME in place.relative_to(_above(config, place)).parts


def _above(config: pytest.Config, resolved: Path) -> Path:
    """The part of a path that says nothing about it: where a checkout lies may have any name."""
    root = config.rootpath.resolve()
    return root if resolved.is_relative_to(root) else Path(resolved.anchor)


def _named_plugins(config: pytest.Config) -> Sequence[str]:
    plugins: Sequence[str] = getattr(config.option, "plugins", None) or ()
    return plugins


def _refused(config: pytest.Config) -> Iterator[str]:
    """The options that were typed, not set in an ini file, and that a drill does not honour."""
    parser = config._parser  # nothing public tells what was typed from what addopts says
    typed, default = (
        vars(parser.parse_known_args(list(given))) for given in (config.invocation_params.args, ())
    )
    for name, value in typed.items():
        if value == default.get(name) or name in _HONOURED:
            continue
        if name == "plugins":
            yield from (f"-p {one}" for one in value if one not in (*(default.get(name) or ()), PLUGIN))
        elif name == "override_ini":
            # --strict-markers and its like are spelled so by pytest itself.
            yield from (f"-o {one}" for one in value if not one.startswith("strict"))
        else:
            yield _spelling(parser, name)


def _spelling(parser: Any, destination: str) -> str:
    """The option as people type it; the longest of its names says most."""
    spelled = [
        name
        for action in parser.optparser._actions
        if action.dest == destination
        for name in action.option_strings
    ]
    return max(spelled, key=len, default=destination)


def _passed_on(config: pytest.Config) -> Iterator[str]:
    """The options that change how the inner pytest runs or shows tests."""
    option, typed = config.option, vars(config._parser.parse_known_args(list(config.invocation_params.args)))
    if option.maxfail:
        yield f"--maxfail={option.maxfail}"
    if typed["verbose"]:
        yield f"--verbosity={typed['verbose']}"
    if option.capture != "fd":
        yield f"--capture={option.capture}"
    if typed["tbstyle"] != "auto":
        yield f"--tb={typed['tbstyle']}"
    if typed["showlocals"]:
        yield "--showlocals"

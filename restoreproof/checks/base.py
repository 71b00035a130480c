"""What every kind of check shares: how it is found, and how a count of findings becomes an outcome."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from restoreproof.assets.base import RestoreContext
from restoreproof.errors import ContractError
from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome

MAX_FINDING_LENGTH = 300

_SURVEYS: dict[str, Callable[..., Any]] = {}
S = TypeVar("S", bound=Callable[..., Any])


def survey(name: str) -> Callable[[S], S]:
    """Register a kind of check: a function of the restore and nouns that returns what it saw.

    What it returns has one method for each thing that a feature may then say about it, and each of these
    returns an ``Observation``.
    """

    def register(function: S) -> S:
        _SURVEYS[name] = function
        return function

    return register


def surveys() -> Mapping[str, Callable[..., Any]]:
    """Every kind of check there is; each module of this package may add some."""
    package = importlib.import_module("restoreproof.checks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"restoreproof.checks.{module.name}")
    return _SURVEYS


def conduct(kind: str, restore_context: RestoreContext, **nouns: Any) -> Any:
    """Run the survey ``kind``. Raises ContractError if there is no such kind."""
    function = surveys().get(kind)
    if function is None:
        raise ContractError(f"no kind of check {kind!r}", hint=f"kinds: {', '.join(sorted(surveys()))}")
    return function(restore_context, **nouns)


class Findings:
    """Collects what is wrong: at most ``MAX_FINDINGS`` are kept, all are counted."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.total = 0

    def add(self, finding: str) -> None:
        """Note one thing that is wrong. Control characters and excess length are cut here."""
        self.total += 1
        if len(self.listed) < MAX_FINDINGS:
            shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in finding)
            self.listed.append(shown[:MAX_FINDING_LENGTH])


def judge(
    expected: str,
    observed: str,
    findings: Findings,
    *,
    examined: int,
    of: int | None,
    sample: str = "all",
    zero_is_right: bool = False,
) -> Observation:
    """Turn counts into an outcome, by the same rule for every check.

    Anything found is FAILED; fewer or more examined than the catalogue's ``of`` is FAILED; nothing examined,
    or no independent ``of`` to hold it against, is NOT_VERIFIED: empty is never a pass.
    """
    outcome, seen = Outcome.PASSED, observed
    if findings.total:
        outcome = Outcome.FAILED
    elif of is not None and examined != of:
        outcome, seen = Outcome.FAILED, f"{observed}; {examined} examined where the catalogue counted {of}"
    elif of is None:
        outcome, seen = (
            Outcome.NOT_VERIFIED,
            f"{observed}; nothing outside the set says how many there should be",
        )
    elif examined == 0 and not zero_is_right:
        outcome, seen = Outcome.NOT_VERIFIED, f"{observed}; there was nothing to examine"
    return Observation(outcome, expected, seen, examined, of, sample, tuple(findings.listed), findings.total)


def compare(expected: str, wanted: Mapping[str, Any], seen: Mapping[str, Any], *, unit: str) -> Observation:
    """Judge a table of named values against the one the catalogue holds; every name is an item."""
    findings = Findings()
    for name in sorted(wanted.keys() | seen.keys()):
        if name not in seen:
            findings.add(f"{name}: missing")
        elif name not in wanted:
            findings.add(f"{name}: not in the catalogue")
        elif wanted[name] != seen[name]:
            findings.add(f"{name}: expected {wanted[name]}, found {seen[name]}")
    same = sum(name in seen and seen[name] == value for name, value in wanted.items())
    observed = f"{same} of {len(wanted)} {unit} as the catalogue has them"
    return judge(
        expected, observed, findings, examined=len(seen) if not findings.total else 0, of=len(wanted)
    )


def not_verified(expected: str, observed: str) -> Observation:
    """Nothing could be examined, and why."""
    return Observation(Outcome.NOT_VERIFIED, expected, observed)

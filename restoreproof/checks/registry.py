"""Every check there is: found through the entry-point group ``restoreproof.checks``, the library's own too.

An entry names a module that declares checks, or one check's class::

    [project.entry-points."restoreproof.checks"]
    prefixes = "restoreproof_prefixes.checks"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from restoreproof import doors
from restoreproof.checks.phrases import CheckKind, CheckPhrase, kind_of, kinds_in
from restoreproof.errors import Location, PluginError


@dataclass(frozen=True, slots=True)
class Registered:
    """A check, and who brought it: a distribution, or a stack's own ``steps/``.

    Attributes:
        kind: the check as its class declares it.
        source: in words, for messages.
    """

    kind: CheckKind
    source: str

    def at(self, line: int) -> str:
        """Return file, line and source, in words."""
        return f"{self.kind.file}:{line} ({self.source})"

    def __str__(self) -> str:
        return f"{self.kind.survey.__name__} in {self.kind.file} ({self.source})"


@cache
def installed() -> tuple[Registered, ...]:
    """Return the checks that installed distributions register. The answer is kept for the process's life.

    Raises:
        PluginError: an entry can't be imported or declares no check; see ``refuse_clashes``.
    """
    checks = [
        Registered(kind, f"of {door.distribution} {door.version}")
        for door in doors.entries(doors.CHECKS)
        for kind in _opened(door)
    ]
    return refuse_clashes(checks)


def with_own(modules: Iterable[ModuleType]) -> tuple[Registered, ...]:
    """Return the installed checks and those that a stack's own step ``modules`` declare.

    Raises:
        PluginError: as ``installed``.
    """
    checks = [Registered(kind, "a stack's own") for module in modules for kind in kinds_in(vars(module))]
    return refuse_clashes([*installed(), *checks])


def refuse_clashes(checks: Iterable[Registered]) -> tuple[Registered, ...]:
    """Return ``checks``, each class once.

    A *Then* may be said of several checks, for the *When* before it tells which is meant.

    Raises:
        PluginError: two have one name, or a *When* or a *Then* without a *When* of its own says the same.
    """
    by_class: dict[type, Registered] = {}
    for check in checks:
        by_class.setdefault(check.kind.survey, check)
    names: dict[str, Registered] = {}
    for check in by_class.values():
        other = names.setdefault(check.kind.name, check)
        if other is not check:
            raise PluginError(
                f"two checks are called {check.kind.name!r}: {other} and {check}",
                where=Location(check.kind.file),
                hint="rename one of them, or uninstall its distribution",
            )
    _refuse_doubled(by_class)
    return tuple(by_class.values())


def _refuse_doubled(checks: Mapping[type, Registered]) -> None:
    first: dict[tuple[str, str], tuple[Registered, CheckPhrase]] = {}
    for check in checks.values():
        for phrase in check.kind.phrases:
            other, before = first.setdefault((phrase.keyword, phrase.text), (check, phrase))
            told_apart = phrase.keyword == "then" and not (
                check.kind.looks_when_asked or other.kind.looks_when_asked
            )
            if other is not check and not told_apart:
                raise PluginError(
                    f"two checks say {phrase.keyword.capitalize()} {phrase.text!r}: "
                    f"{other.at(before.line)} and {check.at(phrase.line)}",
                    where=Location(check.kind.file, phrase.line),
                    hint="reword one of them, or uninstall its distribution",
                )


def _opened(door: doors.Door) -> tuple[CheckKind, ...]:
    opened = door.open()
    kinds = tuple(kinds_in(vars(opened))) if isinstance(opened, ModuleType) else ()
    if isinstance(opened, type):
        kinds = (kind_of(opened),)
    if not kinds:
        raise PluginError(
            f"{door} declares no check", hint="name a module with a class below @check, or that class"
        )
    return kinds

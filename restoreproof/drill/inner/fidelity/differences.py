"""The target held against production as the contract declares it: one function for each subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from restoreproof.contract.production import MEMORY_TOLERANCE, Production, Subject
from restoreproof.drill.inner.fidelity.target import Target, Unasked

EVERY = "*"
NOT_COMPARED = "production does not declare it, so nothing is said of it"
SAME = "as in production"
_GIB = 1024**3

Compare = Callable[[Production, Target], Iterator["Comparison"]]
SUBJECTS: dict[Subject, Compare] = {}
"""Filled by the functions below, one for each subject."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact about ``service`` (``*`` for all) here and in production, and what follows for the drill.

    ``production`` and ``differs`` are None where production does not declare it; what it declares and could
    not be compared differs. ``asset`` is whose database it is of; ``later`` says that it is still to come.
    """

    subject: Subject
    service: str
    here: str
    production: str | None
    differs: bool | None
    consequence: str
    asset: str = ""
    later: bool = False


def compare(production: Production, target: Target) -> Iterator[Comparison]:
    """Every fact of every subject."""
    for subject in Subject:
        yield from compare_one(subject, production, target)


def compare_one(subject: Subject, production: Production, target: Target) -> Iterator[Comparison]:
    """Every fact of one subject."""
    yield from SUBJECTS[subject](production, target)


def _compares(subject: Subject) -> Callable[[Compare], Compare]:
    def register(function: Compare) -> Compare:
        SUBJECTS[subject] = function
        return function

    return register


def _held(
    subject: Subject,
    service: str,
    here: str,
    there: str | None,
    *,
    differs: bool,
    otherwise: str,
    alike: str = SAME,
    asset: str = "",
    later: bool = False,
) -> Comparison:
    if there is None:
        return Comparison(subject, service, here, None, None, NOT_COMPARED, asset, later)
    consequence = otherwise if differs else alike
    return Comparison(subject, service, here, there, differs, consequence, asset, later)


@_compares(Subject.ENGINE)
def _engines(production: Production, target: Target) -> Iterator[Comparison]:
    here = {name: one.version for name, one in target.programs.items()}
    # A server's own word comes before that of the package or contract it was started by.
    here |= {one.service: one.version for one in target.databases}
    for service in sorted(here.keys() | production.engines.keys()):
        version, there = here.get(service), production.engines.get(service)
        yield _held(
            Subject.ENGINE,
            service,
            version or _untold(service, target),
            there,
            differs=version != there,
            otherwise=_versions_apart(version, there),
            later=_is_later(service, target),
        )


def _versions_apart(here: str | None, there: str | None) -> str:
    if here is None or there is None:
        return "nothing is said of how production's version would have restored it"
    if here.partition(".")[0] != there.partition(".")[0]:
        return "another major version: that the set restores into production's is not shown"
    return "another minor version: what was mended or broken between the two is not shown"


@_compares(Subject.PROGRAM)
def _programs(production: Production, target: Target) -> Iterator[Comparison]:
    for service in sorted(target.programs.keys() | production.programs.keys()):
        ran, there = target.programs.get(service), production.programs.get(service)
        digest = ran.digest if ran else None
        told = (part for part in (ran and ran.source, digest) if part)
        yield _held(
            Subject.PROGRAM,
            service,
            ", ".join(told) or _untold(service, target),
            there,
            differs=digest != there,
            otherwise="the checks speak of this program, not of production's",
            later=_is_later(service, target),
        )


def _untold(service: str, target: Target) -> str:
    if _is_later(service, target):
        return f"not started: the stage {target.later[service]} was not reached"
    return "not told" if service in target.programs else "not run in this drill"


def _is_later(service: str, target: Target) -> bool:
    return service in target.later and service not in target.programs


@_compares(Subject.EXTENSION)
def _extensions(production: Production, target: Target) -> Iterator[Comparison]:
    seen: set[str] = set()
    for database in target.databases:
        for name, version in sorted(database.extensions.items()):
            seen.add(name)
            there = production.extensions.get(name)
            here = f"{database.name}: {name} {version}"
            yield _extension(
                database.service, name, here, there, differs=version != there, asset=database.asset
            )
    declared = ", ".join(f"{name} {version}" for name, version in sorted(production.extensions.items()))
    for one in target.unasked:
        yield _unasked(Subject.EXTENSION, one, declared or None, _NO_EXTENSION)
    for name in sorted(production.extensions.keys() - seen):
        here = f"no {name} in any database that was asked" if target.unasked else f"no {name} in any database"
        yield _extension(EVERY, name, here, production.extensions[name], differs=True)


_NO_EXTENSION = "what the extension does in production is not shown"


def _extension(
    service: str, name: str, here: str, there: str | None, *, differs: bool, asset: str = ""
) -> Comparison:
    return _held(
        Subject.EXTENSION,
        service,
        here,
        f"{name} {there}" if there else None,
        differs=differs,
        otherwise=_NO_EXTENSION,
        asset=asset,
    )


def _unasked(subject: Subject, one: Unasked, there: str | None, otherwise: str) -> Comparison:
    """A database that said nothing is never as in production."""
    here = f"{one.name}: {one.why}"
    return _held(
        subject, one.service, here, there, differs=True, otherwise=otherwise, asset=one.asset, later=one.later
    )


_SORTS = "text sorts by other rules there: its order, ranges and indexes may come out otherwise"


@_compares(Subject.COLLATION)
def _collations(production: Production, target: Target) -> Iterator[Comparison]:
    for database in target.databases:
        locale, version = production.collated(database.asset)
        yield _held(
            Subject.COLLATION,
            database.service,
            f"{database.name}: {database.collated}",
            _collated(locale, version),
            differs=locale not in (None, database.collation)
            or version not in (None, database.collation_version),
            otherwise=_SORTS,
            asset=database.asset,
        )
    for one in target.unasked:
        there = _collated(*production.collated(one.asset))
        yield _unasked(Subject.COLLATION, one, there, "whether its text sorts as there is not shown")
    asked = {one.asset for one in target.databases} | {one.asset for one in target.unasked}
    for asset in sorted(production.collated_by_name - asked) or ([""] if not asked else []):
        there = _collated(*production.collated(asset))
        here = f"{asset}: no restored database" if asset else "no restored database"
        yield _held(Subject.COLLATION, EVERY, here, there, differs=True, otherwise=_SORTS, asset=asset)


def _collated(locale: str | None, version: str | None) -> str | None:
    declared = (("locale", locale), ("version", version))
    return ", ".join(f"{name} {value}" for name, value in declared if value is not None) or None


@_compares(Subject.DATA_SIZE)
def _data(production: Production, target: Target) -> Iterator[Comparison]:
    size, there = sum(one.bytes for one in target.databases), production.data_gib
    enough = (there or 0) * _GIB * production.data_enough
    counted = ", ".join(one.name for one in target.databases) or "no database"
    left = ", ".join(one.name for one in target.unasked)
    part = f"{production.data_enough:.0%} are"
    yield _held(
        Subject.DATA_SIZE,
        EVERY,
        f"{size / _GIB:.3g} GiB in {counted}{f', without {left}' if left else ''}",
        None if there is None else f"{there:g} GiB, of which {part} enough",
        differs=size < enough,
        otherwise="too little data for times to say anything of production's",
        alike="enough data for times to count",
    )


@_compares(Subject.CPUS)
def _cpus(production: Production, target: Target) -> Iterator[Comparison]:
    there, machine = production.machine.cpus, target.machine
    told = machine if isinstance(machine, str) else f"{machine.cpus} CPUs"
    differs = isinstance(machine, str) or machine.cpus != there
    yield _amount(Subject.CPUS, told, there, "CPUs", differs=differs)


@_compares(Subject.MEMORY)
def _memory(production: Production, target: Target) -> Iterator[Comparison]:
    there, machine = production.machine.memory_gib, target.machine
    told = machine if isinstance(machine, str) else f"{round(machine.memory / _GIB, 1):g} GiB"
    differs = isinstance(machine, str) or (
        abs(machine.memory / _GIB - (there or 0)) > (there or 0) * MEMORY_TOLERANCE
    )
    yield _amount(Subject.MEMORY, told, there, "GiB", differs=differs)


def _amount(subject: Subject, here: str, there: int | None, unit: str, *, differs: bool) -> Comparison:
    return _held(
        subject,
        EVERY,
        here,
        None if there is None else f"{there} {unit}",
        differs=differs,
        otherwise="times are this machine's, not production's",
    )

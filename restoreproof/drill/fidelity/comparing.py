"""The target held against production as the contract declares it: one function for each subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from restoreproof.contract.production import Production, Subject
from restoreproof.drill.fidelity.target import Target

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

    ``production`` and ``differs`` are None where production does not declare it.
    """

    subject: Subject
    service: str
    here: str
    production: str | None
    differs: bool | None
    consequence: str


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
) -> Comparison:
    if there is None:
        return Comparison(subject, service, here, None, None, NOT_COMPARED)
    return Comparison(subject, service, here, there, differs, otherwise if differs else alike)


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
        )


def _untold(service: str, target: Target) -> str:
    return "not told" if service in target.programs else "not run in this drill"


@_compares(Subject.EXTENSION)
def _extensions(production: Production, target: Target) -> Iterator[Comparison]:
    seen: set[str] = set()
    for database in target.databases:
        for name, version in sorted(database.extensions.items()):
            seen.add(name)
            there = production.extensions.get(name)
            here = f"{database.name}: {name} {version}"
            yield _extension(database.service, name, here, there, differs=version != there)
    for name in sorted(production.extensions.keys() - seen):
        yield _extension(EVERY, name, f"no {name} in any database", production.extensions[name], differs=True)


def _extension(service: str, name: str, here: str, there: str | None, *, differs: bool) -> Comparison:
    return _held(
        Subject.EXTENSION,
        service,
        here,
        f"{name} {there}" if there else None,
        differs=differs,
        otherwise="what the extension does in production is not shown",
    )


@_compares(Subject.COLLATION)
def _collations(production: Production, target: Target) -> Iterator[Comparison]:
    declared = [("locale", production.collation), ("version", production.collation_version)]
    there = ", ".join(f"{name} {value}" for name, value in declared if value) or None
    for database in target.databases:
        version = database.collation_version
        yield _held(
            Subject.COLLATION,
            database.service,
            f"{database.name}: {database.provider} {database.collation}, version {version or 'none'}",
            there,
            differs=production.collation not in (None, database.collation)
            or production.collation_version not in (None, version),
            otherwise="text sorts by other rules there: its order, ranges and indexes may come out otherwise",
        )


@_compares(Subject.DATA_SIZE)
def _data(production: Production, target: Target) -> Iterator[Comparison]:
    size, there = sum(one.bytes for one in target.databases), production.data_gib
    enough = (there or 0) * _GIB * production.data_enough
    yield _held(
        Subject.DATA_SIZE,
        EVERY,
        f"{size / _GIB:.3g} GiB in {', '.join(one.name for one in target.databases) or 'no database'}",
        None if there is None else f"{there:g} GiB, of which {production.data_enough:.0%} are enough",
        differs=size < enough,
        otherwise="too little data for times to say anything of production's",
        alike="enough data for times to count",
    )


@_compares(Subject.CPUS)
def _cpus(production: Production, target: Target) -> Iterator[Comparison]:
    yield _amount(Subject.CPUS, target.cpus, production.machine.cpus, "CPUs")


@_compares(Subject.MEMORY)
def _memory(production: Production, target: Target) -> Iterator[Comparison]:
    yield _amount(Subject.MEMORY, round(target.memory / _GIB), production.machine.memory_gib, "GiB")


def _amount(subject: Subject, here: int, there: int | None, unit: str) -> Comparison:
    return _held(
        subject,
        EVERY,
        f"{here} {unit}",
        None if there is None else f"{there} {unit}",
        differs=here != there,
        otherwise="times are this machine's, not production's",
    )

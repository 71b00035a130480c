"""What the drill restored into, as its servers, its services and its machine say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.database import DatabaseError, DatabaseTraits
from restoreproof.assets.dataset import open_database
from restoreproof.backups.missing import PartMissing
from restoreproof.contract import Contract
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.events import Emitter, Event, ServiceStarted
from restoreproof.runtimes.base import Hardware


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredDatabase(DatabaseTraits):
    """One restored database: where it is, and what its server tells of it."""

    service: str
    name: str
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Unasked:
    """A database of an asset that could not be asked. ``later``: its stage is still to come."""

    service: str
    asset: str
    name: str
    why: str
    later: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What ran as a service: its version, the digest of its image or program, and where that is from."""

    version: str | None = None
    digest: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """All of it, as far as it told. ``later`` names the stage of each service that is still to start.

    ``machine`` is what the services run on, or why that is not known.
    """

    databases: tuple[RestoredDatabase, ...]
    programs: Mapping[str, Program]
    machine: Hardware | str
    unasked: tuple[Unasked, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)


class Witness:
    """An emitter that remembers which program started as which service."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self.programs: dict[str, Program] = {}

    def emit(self, event: Event) -> None:
        if isinstance(event, ServiceStarted):
            self.programs[event.service] = Program(event.version, event.digest, event.source)
        self._emitter.emit(event)


def look(
    restore_context: RestoreContext, programs: Mapping[str, Program], machine: Callable[[], Hardware | None]
) -> Target:
    """Ask every database that was restored until now, and the runtime for its ``machine``."""
    contract = restore_context.stack_context.contract
    to_come = _to_come(contract, restore_context.stack_context.stage())
    databases: list[RestoredDatabase] = []
    unasked: list[Unasked] = []
    for asset, service, name in _places(contract):
        at = contract.assets[asset].at
        if at in to_come:
            why = f"not restored: the stage {at} was not reached"
            unasked.append(Unasked(service, asset, name, why, later=True))
            continue
        try:
            databases.append(_ask(restore_context, asset, service, name))
        except (PartMissing, RestoreproofError, DatabaseError) as error:
            unasked.append(Unasked(service, asset, name, f"it could not be asked: {str(error).strip()}"))
    later = {name: one.starts for name, one in contract.services.items() if one.starts in to_come}
    return Target(tuple(databases), dict(programs), _machine(machine), tuple(unasked), later)


def _to_come(contract: Contract, stage: str) -> Collection[str]:
    """The stages after ``stage``: nothing of theirs can have been there for a check to rest on."""
    order = contract.order
    return order[order.index(stage) + 1 :] if stage in order else ()


def _machine(ask: Callable[[], Hardware | None]) -> Hardware | str:
    try:
        return ask() or "not told: the services do not run on this machine"
    except EnvironmentUnfitError as error:
        return f"not told: {error.message}"


def _places(contract: Contract) -> Iterator[tuple[str, str, str]]:
    """Asset, service and name of every database that an asset restores."""
    for asset, block in contract.assets.items():
        options = block.options()
        if (store := options.get("store", block.service)) and "owner" in options and "database" in options:
            yield asset, store, options["database"]


def _ask(restore_context: RestoreContext, asset: str, service: str, name: str) -> RestoredDatabase:
    with open_database(restore_context.stack_context, asset) as database:
        traits = database.traits()
    return RestoredDatabase(**asdict(traits), service=service, name=name, asset=asset)

"""What every asset kind promises, and the frozen view of a drill that it works with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from restoreproof import doors
from restoreproof.assets.learnt import ExpectationT, Learnt, expected
from restoreproof.assets.servers import SharedServers
from restoreproof.assets.vault import Vault
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.verify import BackupSet
from restoreproof.contract import Contract
from restoreproof.contract.declarations import ServiceName, StageName
from restoreproof.contract.problems import InvalidContract, Problem
from restoreproof.errors import ContractError, EnvironmentUnfitError, Location, PluginError, UsageError
from restoreproof.events import Emitter, PhaseTimed
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Runtime, Start


def _forget(_: Iterable[Secret]) -> None:
    """Where nothing is written, nothing has to be masked."""


class PhaseStats:
    """Counts what a timed piece of work handled, for the figure beside its seconds."""

    def __init__(self) -> None:
        self.bytes: int | None = None
        self.items: int | None = None


@dataclass(frozen=True, slots=True)
class StackContext:
    """What assets and checks stand on: the nouns, the set, what runs, and where to tell of it.

    ``learn`` takes secrets that come up on the way, tokens and sessions: they must be in no evidence.
    """

    contract: Contract
    runtime: Runtime
    vault: Vault
    emitter: Emitter
    workdir: Path
    stage: Callable[[], str]
    opened_mono: float = field(default_factory=time.monotonic)
    learn: Callable[[Iterable[Secret]], None] = _forget
    servers: SharedServers = field(default_factory=SharedServers)

    @contextmanager
    def phase(self, name: str) -> Iterator[PhaseStats]:
        """Time a piece of work inside the present stage and journal it, also when it raises."""
        work, started = PhaseStats(), time.monotonic()
        try:
            yield work
        finally:
            self.emitter.emit(
                PhaseTimed(
                    stage=self.stage(),
                    name=name,
                    seconds=round(time.monotonic() - started, 4),
                    bytes=work.bytes,
                    items=work.items,
                )
            )

    def run_once(self, service: str, arguments: Sequence[str] = (), **bound: Any) -> Completed:
        """Run a one-shot Python service (``run: [-m, MODULE, …]``) with ``arguments`` appended.

        ``bound`` is passed on to ``Runtime.run_tool``: environment, read, write.
        """
        flag, module, *rest = self.contract.services[service].options()["run"]
        assert flag == "-m"
        return self.run_module(service, [module, *rest, *arguments], **bound)

    def run_module(self, service: str, command: Sequence[str], **bound: Any) -> Completed:
        """Run ``MODULE ARGUMENT…`` in the environment of the Python service ``service``."""
        module, *arguments = command
        return self.runtime.run_tool(service, module, arguments, **bound)

    def asset(self, name: str) -> Asset:
        """The asset called ``name``, with its kind's own block validated. Raises ContractError."""
        return load_asset(self.contract, name)

    def assets(self) -> Sequence[Asset]:
        """All assets in the contract's order of stages."""
        return load_assets(self.contract)


@dataclass(frozen=True, slots=True)
class RestoreContext:
    """A restore: the ground, and the set and catalogue it restores from."""

    stack_context: StackContext
    backup: BackupSet
    catalogue: Catalogue | None

    def expected(self, asset: str, model: type[ExpectationT]) -> ExpectationT | None:
        """Return what ``BackupContext.expect`` put into the catalogue of an asset; None if nobody did.

        Raises:
            UsageError: the catalogue holds something else there.
        """
        return expected(self.catalogue, asset, model)

    def recovery_point(self, asset: str) -> datetime:
        """Return the moment (UTC) that ``asset`` was taken of: its own in the catalogue, else the set's."""
        known = self.catalogue.assets.get(asset) if self.catalogue else None
        return (known and known.recovery_point) or self.backup.manifest.recovery_point


@dataclass(frozen=True, slots=True)
class BackupContext:
    """A backup of one asset being taken: where the set is written, and what is learnt for the catalogue.

    ``recipient`` is the age recipient of the secrets; ``provisioned`` holds what provisioning left for the
    operator: custody records, the proxy's configuration.
    """

    stack_context: StackContext
    directory: Path
    recipient: str
    provisioned: Path
    learnt: Learnt = field(default_factory=Learnt)

    def expect(self, asset: str, expectation: BaseModel) -> None:
        """Put into the catalogue what a drill has to find of an asset, in the form of its kind."""
        self.learnt.expectations[asset] = expectation

    def recovery_point(self, point: datetime) -> None:
        """State the time (UTC) that the asset is taken of. The first asset's is that of the whole set."""
        self.learnt.recovery_point = point


@dataclass(frozen=True, slots=True)
class InstallContext:
    """A fresh source being made: the ground, and the directory that its provisioning command filled."""

    stack_context: StackContext
    provisioned: Path


@dataclass(frozen=True, slots=True)
class ArrivalTrace:
    """An independent trace: when a server says that something arrived (UTC), and which server said it."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Searchable:
    """One thing to search for what must not be in a backup; ``label`` is what a person knows it by.

    ``read`` makes its bytes, piece by piece. It raises EnvironmentUnfitError if that can't be done here, and
    RestoreFailed if the backup is at fault.
    """

    label: str
    read: Callable[[], Iterator[bytes]]


class Asset(BaseModel):
    """One asset of a contract. A kind subclasses this with its own keys and overrides what it does.

    The entry point ``NAME = "module:Class"`` in the group ``restoreproof.assets`` makes it ``kind: NAME``.
    ``after`` names the kinds whose stage must not come later than this one's; ``expectation`` is the model of
    what it puts into the catalogue (``BackupContext.expect``), None for a kind that expects nothing there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    at: StageName
    name: str
    service: ServiceName | None = None

    after: ClassVar[tuple[str, ...]] = ()
    expectation: ClassVar[type[BaseModel] | None] = None

    def stores(self) -> tuple[str, ...]:
        """The services that have to run before ``restore``."""
        return ()

    def parts(self) -> tuple[str, ...]:
        """The parts of a set that a provider may keep in its place; none where that makes no sense."""
        return ()

    def restore(self, restore_context: RestoreContext) -> None:
        """Bring the asset back from the set. Raises a RestoreproofError that says what is lost."""

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        """What this asset adds to the start of ``service``: files, environment, arguments."""
        return Start()

    def install(self, install_context: InstallContext) -> None:
        """Make the asset's empty place in a fresh source: roles, a schema, buckets."""

    def provision(self, service: str, install_context: InstallContext) -> Start:
        """What this asset adds to the start of ``service`` in a fresh source; as ``contribution`` else."""
        return Start()

    def take(self, backup_context: BackupContext) -> None:
        """Write the asset's part of a backup set, and what the catalogue has to know of it."""

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        """What the target holds of an asset that is no file of the set, to be read and never written.

        Nothing, for a kind whose part of a set is left out of the search by right.

        Raises:
            EnvironmentUnfitError, PartMissing: it can't be looked into.
        """
        raise EnvironmentUnfitError(f"nobody can look into {self.kind} that a provider keeps")

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        """When the newest business record that came back was made (UTC), if the asset can tell."""
        return None

    def versions(self, stack_context: StackContext) -> Mapping[str, str]:
        """Tool to version, for the tools that write this asset's part of a set."""
        return {}

    def parameter(self, stack_context: StackContext, name: str) -> Any:
        """The value of ``:name`` in a contract's SQL, if it is this asset's to know; else None."""
        return None

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        """Traces of the asset's arrival that the harness did not write itself."""
        return ()


class RestoreFailed(Exception):
    """An asset could not be brought back: the backup is at fault, not the machine."""


def asset_kinds() -> Mapping[str, type[Asset]]:
    """Return each ``kind:`` that a contract may write, with its class: the entry points of doors.ASSETS.

    Raises:
        PluginError: one of them can't be imported, is no Asset, or shares its name with another.
    """
    return {door.name: _opened(door) for door in doors.entries(doors.ASSETS)}


def _opened(door: doors.Door) -> type[Asset]:
    kind = door.open()
    if not (isinstance(kind, type) and issubclass(kind, Asset)):
        raise PluginError(f"{door} is no subclass of {Asset.__module__}.{Asset.__name__}")
    return kind


def load_asset(contract: Contract, name: str) -> Asset:
    """Return the asset ``name`` of ``contract``. Raises ContractError if there is none, or no such kind."""
    block = contract.assets.get(name)
    if block is None:
        raise ContractError(f"the contract has no asset {name!r}", where=Location(str(contract.path)))
    asset = contract.asset_block(name)
    if not isinstance(asset, Asset):
        raise PluginError(f"the kind {block.kind!r} is no {Asset.__module__}.{Asset.__name__}")
    return asset


def load_assets(contract: Contract) -> list[Asset]:
    """All assets of ``contract``, in the order of their stages.

    Raises:
        ContractError: a block is malformed, or the order contradicts what a kind depends on.
    """
    place = {stage: index for index, stage in enumerate(contract.order)}
    assets = [load_asset(contract, name) for name in contract.assets]
    if problems := list(order_problems(contract)):
        raise InvalidContract(problems)
    return sorted(assets, key=lambda asset: place[asset.at])


def order_problems(contract: Contract) -> Iterator[Problem]:
    """Yield each asset that the order restores before another one of a kind that its kind comes ``after``.

    Raises:
        ContractError: a block is malformed.
    """
    place = {stage: index for index, stage in enumerate(contract.order)}
    assets = [load_asset(contract, name) for name in contract.assets]
    for asset in assets:
        for other in assets:
            if other.kind in asset.after and place[other.at] > place[asset.at]:
                message = (
                    f"order: {asset.name!r} ({asset.kind}) is restored at {asset.at!r}, before "
                    f"{other.name!r} ({other.kind}) at {other.at!r}, which it depends on; "
                    f"move {other.at!r} before {asset.at!r}"
                )
                yield Problem(contract.where("order", place[asset.at]), message)


def refuse_misread(catalogue: Catalogue, contract: Contract) -> None:
    """Read each asset's part of ``catalogue`` through its kind, before anything is begun.

    What the contract has no asset for, or a kind that expects nothing, stays unread.

    Raises:
        UsageError: a part is of another kind than the contract's asset, or not in its kind's form.
    """
    for name in sorted(contract.assets.keys() & catalogue.assets.keys()):
        asset, known = load_asset(contract, name), catalogue.assets[name]
        if known.kind != asset.kind:
            raise UsageError(
                f"the catalogue knows {asset.name!r} as {known.kind}, the contract as {asset.kind}",
                where=Location(str(contract.path)),
                hint="drill the set with the contract that it was backed up with",
            )
        if asset.expectation is not None:
            expected(catalogue, asset.name, asset.expectation)

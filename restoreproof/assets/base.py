"""What every asset kind promises, and the frozen views of a backup and a restore that it works with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.database import Database
from restoreproof.assets.learnt import ExpectationT, Learnt, expected
from restoreproof.assets.phases import PhaseStats, timed
from restoreproof.assets.searchable import Searchable
from restoreproof.assets.servers import SharedServers
from restoreproof.assets.vault import Vault
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.verify import BackupSet
from restoreproof.contract import Contract
from restoreproof.contract.declarations import ServiceName, StageName
from restoreproof.contract.problems import InvalidContract, Problem
from restoreproof.errors import ContractError, EnvironmentUnfitError, Location, PluginError
from restoreproof.events import Emitter
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Runtime, Start


def _forget(_: Iterable[Secret]) -> None:
    """Do nothing: where nothing is written, nothing has to be masked."""


@dataclass(frozen=True, slots=True)
class StackContext:
    """What assets and checks work with: the contract, what runs, the secrets, and where events go.

    Attributes:
        contract: the stack, as its contract describes it.
        runtime: starts, stops and reaches the services.
        vault: the restored environment.
        emitter: where events go.
        workdir: a directory for files of the drill's own, removed with it.
        stage: returns the name of the stage in progress; an empty text before the first.
        opened_mono: when the drill began, on the monotonic clock (seconds).
        register_secrets: takes secrets that come up on the way, tokens and sessions: they are masked in
            everything that is written from then on.
        servers: which servers of this drill were found empty and are being filled.
    """

    contract: Contract
    runtime: Runtime
    vault: Vault
    emitter: Emitter
    workdir: Path
    stage: Callable[[], str]
    opened_mono: float = field(default_factory=time.monotonic)
    register_secrets: Callable[[Iterable[Secret]], None] = _forget
    servers: SharedServers = field(default_factory=SharedServers)

    def phase(self, name: str) -> AbstractContextManager[PhaseStats]:
        """Time a piece of work of the present stage and journal it, also when it raises."""
        return timed(self.emitter, self.stage, name)

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
        """Return the asset called ``name``, with its kind's own block validated. Raises ContractError."""
        return load_asset(self.contract, name)

    def assets(self) -> Sequence[Asset]:
        """Return all assets in the contract's order of stages. Raises ContractError."""
        return load_assets(self.contract)


@dataclass(frozen=True, slots=True)
class RestoreContext:
    """A restore: what runs, the set that is restored, and its catalogue; None where none was given."""

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
        """Return the moment (UTC) ``asset`` was backed up at: its own in the catalogue, else the set's."""
        part = self.catalogue.assets.get(asset) if self.catalogue else None
        return (part and part.recovery_point) or self.backup.manifest.recovery_point


@dataclass(frozen=True, slots=True)
class BackupContext:
    """A backup of one asset: where the set is written, and what the catalogue is told.

    Attributes:
        stack_context: the source that is backed up.
        directory: where the set is written.
        recipient: the age recipient of the secrets.
        provisioned: what provisioning left for the operator: custody records, the proxy's configuration.
        learnt: the asset's part of the catalogue, filled on the way.
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
        """State the moment (UTC) the asset is backed up at. The first asset's is the whole set's."""
        self.learnt.recovery_point = point


@dataclass(frozen=True, slots=True)
class InstallContext:
    """A fresh source in the making: what runs, and the directory that its provisioning command filled."""

    stack_context: StackContext
    provisioned: Path


class Asset(BaseModel):
    """One asset of a contract. A kind subclasses this with its own keys and overrides what it does.

    The entry point ``NAME = "module:Class"`` in the group ``restoreproof.assets`` makes it ``kind: NAME``.

    Attributes:
        after: the kinds whose stage must not come later than this one's.
        expectation: the model of what it puts into the catalogue (``BackupContext.expect``); None for a kind
            that expects nothing there.
        rests_on: what has to be stated of such an asset by mandatory checks, each by a *Then* that says
            ``states=…``. A drill that states less can't end VERIFIED.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    at: StageName
    name: str
    service: ServiceName | None = None

    after: ClassVar[tuple[str, ...]] = ()
    expectation: ClassVar[type[BaseModel] | None] = None
    rests_on: ClassVar[tuple[str, ...]] = ("content",)

    def stores(self) -> tuple[str, ...]:
        """Return the services that have to run before ``restore``."""
        return ()

    def parts(self) -> tuple[str, ...]:
        """Return the parts of a set that a provider may keep in its place; none where that makes no sense."""
        return ()

    def restore(self, restore_context: RestoreContext) -> None:
        """Bring the asset back from the set. Raises a RestoreproofError that says what is lost."""

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        """Return what this asset adds to the start of ``service``: files, environment, arguments."""
        return Start()

    def install(self, install_context: InstallContext) -> None:
        """Make the asset's empty place in a fresh source: roles, a schema, buckets."""

    def provision(self, service: str, install_context: InstallContext) -> Start:
        """Return what this asset adds to the start of ``service`` in a fresh source."""
        return Start()

    def back_up(self, backup_context: BackupContext) -> None:
        """Write the asset's part of a backup set, and tell the catalogue. Raises RestoreFailed."""

    def connect(
        self, stack_context: StackContext, *, readonly: bool = True
    ) -> AbstractContextManager[Database]:
        """Open the database that this asset restores, as the throw-away administrator.

        Unless ``readonly``, what was executed is committed on leaving.

        Raises:
            ContractError: its kind restores no database.
            DatabaseError: the server refuses, or does not answer.
        """
        raise ContractError(f"the asset {self.name!r} ({self.kind}) restores no database")

    def log_in(self, stack_context: StackContext, url: Secret) -> AbstractContextManager[Database]:
        """Open the database of a restored ``url`` as its role, on a server that this asset is restored into.

        Raises:
            ContractError, DatabaseError: as ``connect``.
        """
        raise ContractError(f"the asset {self.name!r} ({self.kind}) is restored into no database server")

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        """Return what the target holds of an asset that is no file of the set, to be read and never written.

        Nothing, for a kind whose part of a set is left out of the search by right.

        Raises:
            EnvironmentUnfitError, PartMissing: it can't be searched.
        """
        raise EnvironmentUnfitError(f"the kind {self.kind} has no way to search what a provider keeps")

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        """Return when the newest business record that came back was made (UTC); None if nothing tells."""
        return None

    def newest_record_by(self, restore_context: RestoreContext, moment: datetime) -> datetime | None:
        """Return when the newest record that was made by ``moment`` was made; None if nothing tells.

        A record that is dated later says nothing of what was saved by then.
        """
        newest = self.newest_record(restore_context)
        return newest if newest is not None and newest <= moment else None

    def versions(self, stack_context: StackContext) -> Mapping[str, str]:
        """Map tool to version, for the tools that write this asset's part of a set."""
        return {}

    def parameter(self, stack_context: StackContext, name: str) -> Any:
        """Return the value of ``:name`` in a contract's SQL; None if this asset does not define it."""
        return None

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        """Return traces of the asset's arrival that the harness did not write itself."""
        return ()


class RestoreFailed(Exception):
    """An asset could not be brought back: the backup is at fault, not the machine."""


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
    """Return all assets of ``contract``, in the order of their stages.

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

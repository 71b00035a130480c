"""Conformance suites: what every asset kind, component and runtime has to hold, as tests to inherit.

An author subclasses a suite in a test module and says what it is about; pytest collects what it inherits::

    class TestRedisComponent(ComponentSuite):
        name = "redis"
        contract = Path("stack/stack.yaml")
        service = "redis"
"""

from __future__ import annotations

import inspect
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest
from pydantic import ValidationError

from restoreproof.assets.base import (
    Asset,
    BackupContext,
    RestoreContext,
    RestoreFailed,
    StackContext,
)
from restoreproof.assets.registry import asset_kinds
from restoreproof.backups.adopt import UNKNOWN_RELEASE
from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.manifest import new_id, write_manifest
from restoreproof.backups.missing import PartMissing
from restoreproof.components import registry as components
from restoreproof.contract import Contract, load
from restoreproof.errors import ContractError, UsageError
from restoreproof.runtimes import registry as runtimes
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import container_component
from restoreproof.runtimes.driver import RuntimeDriver
from restoreproof.runtimes.process.component import process_component
from restoreproof.testing.fake_stack import FakeStack
from restoreproof.testing.local_stack import local_stack

NO_SUCH_KEY = "a-key-that-no-kind-has"


class AssetSuite:
    """What an asset kind has to hold, on a store that runs as a plain process.

    ``contract`` is a ``stack.yaml`` whose asset ``asset`` is of the kind; ``fill`` puts something into its
    store, and ``content`` reads what is in it, in a form that can be compared.
    """

    contract: ClassVar[Path]
    asset: ClassVar[str]

    def fill(self, stack_context: StackContext) -> None:
        """Put something into the asset's store."""
        raise NotImplementedError

    def content(self, stack_context: StackContext) -> Any:
        """Read everything that the asset's store holds."""
        raise NotImplementedError

    @pytest.fixture
    def loaded(self) -> Contract:
        """The contract of the suite."""
        return load(self.contract)

    @pytest.fixture
    def backup_context(self, loaded: Contract, tmp_path: Path) -> Iterator[BackupContext]:
        """A backup that was taken of a filled store, which still runs."""
        with local_stack(loaded, tmp_path / "source") as (stack_context, _):
            asset = self._started(stack_context)
            self.fill(stack_context)
            directory = tmp_path / "set"
            directory.mkdir()
            backup_context = BackupContext(stack_context, directory, "", tmp_path)
            asset.back_up(backup_context)
            yield backup_context

    def test_it_is_registered_under_the_name_that_contracts_write(self, loaded: Contract) -> None:
        kind = loaded.assets[self.asset].kind
        assert issubclass(asset_kinds()[kind], Asset)

    def test_it_refuses_a_key_that_it_does_not_know(self, loaded: Contract) -> None:
        block = loaded.assets[self.asset]
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            asset_kinds()[block.kind].model_validate(
                {**block.model_dump(), "name": self.asset, NO_SUCH_KEY: 1}
            )

    def test_it_can_not_be_changed(self, loaded: Contract, tmp_path: Path) -> None:
        with (
            local_stack(loaded, tmp_path) as (stack_context, _),
            pytest.raises(ValidationError, match="frozen"),
        ):
            stack_context.asset(self.asset).at = "another stage"

    def test_its_stores_are_services_of_the_contract(self, loaded: Contract, tmp_path: Path) -> None:
        with local_stack(loaded, tmp_path) as (stack_context, _):
            assert set(stack_context.asset(self.asset).stores()) <= loaded.services.keys()

    def test_what_was_backed_up_comes_back(
        self, loaded: Contract, backup_context: BackupContext, tmp_path: Path
    ) -> None:
        before = self.content(backup_context.stack_context)
        assert before, "content() read nothing, so nothing is shown to come back"
        self._stopped(backup_context.stack_context)
        with local_stack(loaded, tmp_path / "target") as (stack_context, _):
            self._started(stack_context).restore(self._restore_context(stack_context, backup_context))
            assert self.content(stack_context) == before

    def test_a_backup_leaves_its_source_as_it_was(
        self, loaded: Contract, backup_context: BackupContext
    ) -> None:
        before = self.content(backup_context.stack_context)
        again = backup_context.directory.with_name("another-set")
        again.mkdir()
        stack_context = backup_context.stack_context
        stack_context.asset(self.asset).back_up(BackupContext(stack_context, again, "", again))
        assert self.content(stack_context) == before

    def test_a_file_that_the_set_lost_is_a_loss_and_never_a_success(
        self, loaded: Contract, backup_context: BackupContext, tmp_path: Path
    ) -> None:
        files = [path for path in backup_context.directory.rglob("*") if path.is_file()]
        assert files, "the backup wrote no file"
        context = self._restore_context(backup_context.stack_context, backup_context)
        self._stopped(backup_context.stack_context)
        for number, path in enumerate(files):
            content = path.read_bytes()
            path.unlink()
            with local_stack(loaded, tmp_path / f"target-{number}") as (stack_context, _):
                lost = RestoreContext(stack_context, context.backup, context.catalogue)
                asset = self._started(stack_context)
                with pytest.raises((RestoreFailed, PartMissing, UsageError)):
                    asset.restore(lost)
            path.write_bytes(content)

    def test_no_secret_of_the_store_is_told(self, loaded: Contract, backup_context: BackupContext) -> None:
        stack_context = backup_context.stack_context
        told = repr(getattr(stack_context.emitter, "events", ()))
        for service in stack_context.asset(self.asset).stores():
            assert stack_context.runtime.administrator(service).password.reveal() not in told

    def _started(self, stack_context: StackContext) -> Asset:
        asset = stack_context.asset(self.asset)
        for service in asset.stores():
            stack_context.runtime.start(service)
        return asset

    def _stopped(self, stack_context: StackContext) -> None:
        """Stop the source's stores: a target of the same contract has the same addresses."""
        for service in stack_context.asset(self.asset).stores():
            stack_context.runtime.stop(service)

    def _restore_context(self, stack_context: StackContext, backup_context: BackupContext) -> RestoreContext:
        backup, sha256 = self._sealed(backup_context)
        manifest = backup.manifest
        known = Catalogue(
            set_id=manifest.set_id,
            stack=manifest.stack,
            taken_at=datetime.now(UTC),
            recovery_point=manifest.recovery_point,
            manifest_sha256=sha256,
            merkle_root=manifest.merkle_root,
            assets={
                self.asset: backup_context.learnt.known(
                    self.asset, stack_context.contract.assets[self.asset].kind
                )
            },
        )
        return RestoreContext(stack_context, backup, known)

    def _sealed(self, backup_context: BackupContext) -> tuple[BackupSet, str]:
        stack = backup_context.stack_context.contract.stack
        _, sha256 = write_manifest(
            backup_context.directory,
            set_id=new_id(),
            stack=stack,
            run_id=new_id(),
            recovery_point=backup_context.learnt.recovery_point or datetime.now(UTC),
            synthetic=True,
            release=UNKNOWN_RELEASE,
            tool_versions={},
        )
        return open_set(backup_context.directory, stack), sha256


class ComponentSuite:
    """What a component has to hold: its options, its process, and its container as far as it can be told.

    ``contract`` is a ``stack.yaml`` whose ``service`` is of the component ``name``; ``start`` is what a drill
    would give the service, where it does not start without.
    """

    name: ClassVar[str]
    contract: ClassVar[Path]
    service: ClassVar[str]
    start: ClassVar[Start] = Start()

    @pytest.fixture
    def loaded(self) -> Contract:
        """The contract of the suite."""
        return load(self.contract)

    @pytest.fixture
    def started(self, loaded: Contract, tmp_path: Path) -> Iterator[tuple[StackContext, FakeStack]]:
        """The service, running."""
        with local_stack(loaded, tmp_path) as (stack_context, events):
            stack_context.runtime.start(self.service, self.start)
            yield stack_context, events

    def test_it_is_registered_under_the_name_that_contracts_write(self, loaded: Contract) -> None:
        assert loaded.services[self.service].component == self.name
        assert components.component(self.name) is not None

    def test_it_refuses_an_option_that_it_does_not_know(self, loaded: Contract) -> None:
        service = loaded.services[self.service]
        odd = service.model_copy(update={NO_SUCH_KEY: 1})
        odd.__pydantic_extra__ = {**(service.model_extra or {}), NO_SUCH_KEY: 1}
        with pytest.raises(ContractError, match=NO_SUCH_KEY):
            process_component(self.service, odd)

    def test_it_answers_on_its_own_address_when_it_is_ready(
        self, started: tuple[StackContext, FakeStack]
    ) -> None:
        endpoint = started[0].runtime.endpoint(self.service)
        socket.create_connection((endpoint.address, endpoint.port), timeout=5).close()

    def test_it_listens_to_nothing_but_loopback(self, started: tuple[StackContext, FakeStack]) -> None:
        elsewhere = {
            connection.laddr.ip
            for process in psutil.Process().children(recursive=True)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and not ip_address(connection.laddr.ip).is_loopback
        }
        assert elsewhere == set()

    def test_no_password_stands_in_its_command_line(self, started: tuple[StackContext, FakeStack]) -> None:
        stack_context, events = started
        try:
            password = stack_context.runtime.administrator(self.service).password.reveal()
        except ContractError:
            return  # a component that has no administrator has no password of one
        lines = [process.cmdline() for process in psutil.Process().children(recursive=True)]
        assert password not in repr(lines)
        assert password not in repr(events.events)

    def test_it_starts_again_after_it_was_stopped(self, started: tuple[StackContext, FakeStack]) -> None:
        runtime = started[0].runtime
        runtime.stop(self.service)
        assert not runtime.running(self.service)
        runtime.start(self.service, self.start)
        assert runtime.running(self.service)

    def test_it_refuses_a_tool_that_it_does_not_have(self, started: tuple[StackContext, FakeStack]) -> None:
        with pytest.raises(ContractError, match="no-such-tool"):
            started[0].runtime.run_tool(self.service, "no-such-tool", [])

    def test_its_container_hands_no_password_to_a_command_line(self, loaded: Contract) -> None:
        container = container_component(self.service, loaded.services[self.service]).container(self.start)
        if container.administrator:
            assert container.administrator.password.reveal() not in repr(container.arguments)
        assert all(isinstance(content, bytes) for content in container.files.values())


class RuntimeSuite:
    """What a runtime has to hold, as far as its driver can be asked without a drill. ``name`` is its name."""

    name: ClassVar[str]

    @pytest.fixture
    def driver(self) -> RuntimeDriver:
        """The driver of that name."""
        return runtimes.driver(self.name)

    def test_it_is_registered_under_the_name_that_it_has(self, driver: RuntimeDriver) -> None:
        assert self.name in runtimes.names()
        assert driver.name == self.name
        assert isinstance(driver, RuntimeDriver)

    def test_its_methods_take_what_the_driver_says(self, driver: RuntimeDriver) -> None:
        for name, method in inspect.getmembers(RuntimeDriver, inspect.isfunction):
            own = inspect.signature(getattr(type(driver), name))
            assert list(own.parameters) == list(inspect.signature(method).parameters), name

    def test_it_keeps_no_state(self, driver: RuntimeDriver) -> None:
        assert vars(driver) == {}

    def test_it_says_of_this_machine_what_it_has_without_a_contract(
        self, driver: RuntimeDriver, tmp_path: Path
    ) -> None:
        diagnoses = driver.diagnose(None, tmp_path)
        assert all(diagnosis.what and diagnosis.detail for diagnosis in diagnoses)
        assert all("next:" in diagnosis.detail for diagnosis in diagnoses if not diagnosis.ok)

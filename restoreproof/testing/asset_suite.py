"""What every asset kind has to hold, as tests to inherit.

An author subclasses the suite in a test module, and pytest collects what it inherits::

    class TestRedisAsset(AssetSuite):
        contract = Path("stack/stack.yaml")
        asset = "sessions"

        def fill(self, stack_context: StackContext) -> None: ...

        def content(self, stack_context: StackContext) -> Any: ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from restoreproof.assets.base import (
    Asset,
    BackupContext,
    InstallContext,
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
from restoreproof.contract import Contract, load
from restoreproof.errors import UsageError
from restoreproof.testing.fake_stack import FakeStack
from restoreproof.testing.local_stack import local_stack

NO_SUCH_KEY = "a-key-that-no-kind-has"


class AssetSuite:
    """What an asset kind has to hold, on a store that runs as a plain process.

    Attributes:
        contract: a ``stack.yaml`` whose asset ``asset`` is of the kind.
        asset: its name.
        environment: variables of the restored environment that the kind makes use of.
    """

    contract: ClassVar[Path]
    asset: ClassVar[str]
    environment: ClassVar[Mapping[str, str]] = MappingProxyType({})

    # Not abstract methods: pytest passes over an abstract class in silence, and nothing would be tested.
    def fill(self, stack_context: StackContext) -> None:
        """Put something into the asset's store, which is empty."""
        raise NotImplementedError

    def content(self, stack_context: StackContext) -> Any:
        """Read all that the asset's store holds, in a form that can be compared."""
        raise NotImplementedError

    @pytest.fixture
    def loaded(self) -> Contract:
        """The contract of the suite."""
        return load(self.contract)

    @pytest.fixture
    def backup_context(self, loaded: Contract, tmp_path: Path) -> Iterator[BackupContext]:
        """A backup that was taken of a filled store, which still runs."""
        with self._stack(loaded, tmp_path / "source") as (stack_context, _):
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

    def test_it_says_what_has_to_be_stated_of_it(self, loaded: Contract) -> None:
        statements = asset_kinds()[loaded.assets[self.asset].kind].rests_on
        assert statements, "nothing would have to be asked of it for a drill to be VERIFIED"
        assert len(set(statements)) == len(statements)

    def test_it_refuses_a_key_that_it_does_not_know(self, loaded: Contract) -> None:
        block = loaded.assets[self.asset]
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            asset_kinds()[block.kind].model_validate(
                {**block.model_dump(), "name": self.asset, NO_SUCH_KEY: 1}
            )

    def test_it_can_not_be_changed(self, loaded: Contract, tmp_path: Path) -> None:
        with (
            self._stack(loaded, tmp_path) as (stack_context, _),
            pytest.raises(ValidationError, match="frozen"),
        ):
            stack_context.asset(self.asset).at = "another stage"

    def test_its_stores_are_services_of_the_contract(self, loaded: Contract, tmp_path: Path) -> None:
        with self._stack(loaded, tmp_path) as (stack_context, _):
            assert set(stack_context.asset(self.asset).stores()) <= loaded.services.keys()

    def test_what_was_backed_up_comes_back(
        self, loaded: Contract, backup_context: BackupContext, tmp_path: Path
    ) -> None:
        before = self.content(backup_context.stack_context)
        assert before, "content() read nothing, so nothing is shown to come back"
        self._stopped(backup_context.stack_context)
        with self._stack(loaded, tmp_path / "target") as (stack_context, _):
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
        before = self.content(backup_context.stack_context)
        self._stopped(backup_context.stack_context)
        for number, path in enumerate(files):
            content = path.read_bytes()
            path.unlink()
            with self._stack(loaded, tmp_path / f"target-{number}") as (stack_context, _):
                lost = RestoreContext(stack_context, context.backup, context.catalogue)
                asset = self._started(stack_context)
                if not self._refused(asset, lost):
                    # What goes on without it leaves a gap, for a check to find.
                    assert self.content(stack_context) != before, f"without {path.name} the same came back"
            path.write_bytes(content)

    def test_no_secret_of_the_store_is_told(self, loaded: Contract, backup_context: BackupContext) -> None:
        stack_context = backup_context.stack_context
        events = repr(getattr(stack_context.emitter, "events", ()))
        for service in stack_context.asset(self.asset).stores():
            assert stack_context.runtime.administrator(service).password.reveal() not in events

    def _stack(
        self, loaded: Contract, workdir: Path
    ) -> AbstractContextManager[tuple[StackContext, FakeStack]]:
        return local_stack(loaded, workdir, self.environment)

    def _started(self, stack_context: StackContext) -> Asset:
        asset = stack_context.asset(self.asset)
        for service in asset.stores():
            provided = InstallContext(stack_context, stack_context.workdir)
            stack_context.runtime.start(service, asset.provision(service, provided))
        return asset

    @staticmethod
    def _refused(asset: Asset, restore_context: RestoreContext) -> bool:
        """Whether the restore says on purpose that something is lost."""
        try:
            asset.restore(restore_context)
        except (RestoreFailed, PartMissing, UsageError):
            return True
        return False

    def _stopped(self, stack_context: StackContext) -> None:
        """Stop the source's stores: a target of the same contract has the same addresses."""
        for service in stack_context.asset(self.asset).stores():
            stack_context.runtime.stop(service)

    def _restore_context(self, stack_context: StackContext, backup_context: BackupContext) -> RestoreContext:
        backup, sha256 = self._sealed(backup_context)
        manifest = backup.manifest
        catalogue = Catalogue(
            set_id=manifest.set_id,
            stack=manifest.stack,
            taken_at=datetime.now(UTC),
            recovery_point=manifest.recovery_point,
            manifest_sha256=sha256,
            assets={
                self.asset: backup_context.learnt.known(
                    self.asset, stack_context.contract.assets[self.asset].kind
                )
            },
        )
        return RestoreContext(stack_context, backup, catalogue)

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

"""A drill over nothing: a real contract, and assets and a runtime that only remember."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from restoreproof import doors
from restoreproof.assets.base import Asset, RestoreContext, StackContext
from restoreproof.assets.vault import Vault
from restoreproof.backups.manifest import Manifest
from restoreproof.backups.verify import BackupSet
from restoreproof.contract.loader import parse
from restoreproof.drill.inner.queue_review import Gate
from restoreproof.drill.inner.stages import Drill, StageHooks
from restoreproof.runtimes.base import Start
from restoreproof.testing.fake_stack import FakeStack
from restoreproof.testing.plugins import register

CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  store: {component: python, venv: x, run: [x], port: 5000, starts: first}
  other: {component: python, venv: x, run: [x], port: 5001, starts: first}
  web: {component: python, venv: x, run: [x], port: 8000, starts: second, environment: restored}
  worker: {component: python, venv: x, run: [x], port: 8100, starts: second, held: [--held], resumes: third}
  tool: {component: python, venv: x, run: [x], port: 8101, starts: second, one_shot: true}
order: [first, second, third]
assets:
  rows: {kind: remembered, at: first, service: store}
  files: {kind: remembered, at: first, service: other}
  page: {kind: remembered, at: second}
queues:
  jobs: {database: rows, sql: "select 1"}
review: {approver: somebody, jobs: {mail: 1}}
"""


class Remembered(Asset):
    """An asset that is restored by being noted; two of one stage wait for each other if they are told to."""

    def stores(self) -> tuple[str, ...]:
        return (self.service,) if self.service else ()

    def restore(self, restore_context: RestoreContext) -> None:
        memory = restore_context.stack_context.runtime
        assert isinstance(memory, FakeStack)
        if memory.meeting and self.at == "first":
            memory.meeting.wait(timeout=10)
        memory.note(f"restore {self.name}")

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        return Start(environment={"FROM": self.name, f"ONLY_{self.name}": "x"}, files={self.name: b"x"})


Make = Callable[..., Drill]


@pytest.fixture
def memory() -> FakeStack:
    return FakeStack()


@pytest.fixture
def restore_context(memory: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RestoreContext:
    register(monkeypatch, doors.ASSETS, "remembered", Remembered)
    point = datetime(2026, 11, 22, tzinfo=UTC)
    manifest = Manifest(
        set_id="s", stack="shop", run_id="r", recovery_point=point, synthetic=True, release="1", artifacts=(),
    )  # fmt: skip
    vault = Vault({"NAME": "restored"}, b"k")
    stack_context: Any = StackContext(
        parse(CONTRACT, tmp_path / "stack.yaml"), memory, vault, memory, tmp_path, lambda: "x"
    )  # type: ignore[arg-type]
    return RestoreContext(stack_context, BackupSet(tmp_path, manifest, "0" * 64), None)


@pytest.fixture
def make(restore_context: RestoreContext, memory: FakeStack) -> Make:
    """Makes the drill; gates and hooks as given."""

    def build(
        *, order: Sequence[str] = ("first", "second", "third"), gates: dict[str, Gate] | None = None,
        hooks: StageHooks | None = None,
    ) -> Drill:  # fmt: skip
        return Drill(
            restore_context,
            order,
            gates or {},
            hooks or StageHooks(),
            lambda stage: memory.note(f"stage {stage}"),
        )

    return build

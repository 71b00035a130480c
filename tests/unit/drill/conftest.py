"""A drill over nothing: a real contract, and assets and a runtime that only remember."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from restoreproof import doors
from restoreproof.assets.base import Asset, RestoreContext, StackContext
from restoreproof.assets.vault import Vault
from restoreproof.backups.manifest import Manifest
from restoreproof.backups.references import Reference
from restoreproof.backups.verify import BackupSet
from restoreproof.contract.loading import parse
from restoreproof.drill.inner.queue_review import Gate
from restoreproof.drill.inner.stages import Drill, StageHooks
from restoreproof.runtimes.base import Start
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


@dataclass
class Memory:
    """Everything that was done, in order, and what is to go wrong."""

    done: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    starts: dict[str, Start] = field(default_factory=dict)
    breaks: dict[str, Exception] = field(default_factory=dict)
    meeting: threading.Barrier | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.done.append(what)
        if what in self.breaks:
            raise self.breaks[what]

    def emit(self, type: str, /, **data: Any) -> None:
        self.events.append((type, data))

    def of(self, type: str) -> list[dict[str, Any]]:
        return [data for kind, data in self.events if kind == type]

    # What a drill asks of its runtime:
    def start(self, service: str, start: Start) -> None:
        self.starts[service] = start
        self.note(f"start {service}")

    def stop(self, service: str) -> None:
        self.note(f"stop {service}")

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        self.note(f"{reference.reference} for {asset} at {recovery_point:%Y-%m-%d}")

    def log_tail(self, service: str, lines: int = 20) -> str:
        return f"{service} said something" if f"start {service}" in self.done else ""


class Remembered(Asset):
    """An asset that is restored by being noted; two of one stage wait for each other if they are told to."""

    def stores(self) -> tuple[str, ...]:
        return (self.service,) if self.service else ()

    def restore(self, restore_context: RestoreContext) -> None:
        memory = restore_context.stack_context.runtime
        assert isinstance(memory, Memory)
        if memory.meeting and self.at == "first":
            memory.meeting.wait(timeout=10)
        memory.note(f"restore {self.name}")

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        return Start(environment={"FROM": self.name, f"ONLY_{self.name}": "x"}, files={self.name: b"x"})


Make = Callable[..., Drill]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def restore_context(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RestoreContext:
    register(monkeypatch, doors.ASSETS, "remembered", Remembered)
    point = datetime(2026, 11, 22, tzinfo=UTC)
    manifest = Manifest(
        set_id="s", stack="shop", run_id="r", recovery_point=point, synthetic=True, release="1", artifacts=(),
        merkle_root="0" * 64,
    )  # fmt: skip
    vault = Vault({"NAME": "restored"}, b"k")
    stack_context: Any = StackContext(
        parse(CONTRACT, tmp_path / "stack.yaml"), memory, vault, memory, tmp_path, lambda: "x"
    )  # type: ignore[arg-type]
    return RestoreContext(stack_context, BackupSet(tmp_path, manifest, "0" * 64), None)


@pytest.fixture
def make(restore_context: RestoreContext, memory: Memory) -> Make:
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

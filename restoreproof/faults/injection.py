"""The pytest plugin that a drill with ``--fault`` loads in its inner process: damage between stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from restoreproof.assets.base import RestoreContext
from restoreproof.drill.handoff import InnerConfig
from restoreproof.drill.inner.session import open_drill
from restoreproof.drill.inner.stages import StageHooks
from restoreproof.events import Emitter, FaultInjected, Note
from restoreproof.faults.base import Fault, Mend
from restoreproof.faults.registry import find
from restoreproof.gherkin.run_plugin import RunningDrill
from restoreproof.redaction.redactor import Redactor


@pytest.hookimpl(tryfirst=True)
def pytest_restoreproof_open_drill(
    config_path: Path, emitter: Emitter, redactor: Redactor
) -> AbstractContextManager[RunningDrill]:
    """Open the drill, with the faults of its configuration between its stages."""
    folders = InnerConfig.read(config_path).fault_folders
    opened = open_drill(config_path, emitter, redactor, hooks=partial(hooks, folders))
    return cast("AbstractContextManager[RunningDrill]", opened)


def hooks(folders: Sequence[Path], restore_context: RestoreContext, names: Iterable[str]) -> StageHooks:
    """Journal every fault at once, whatever becomes of it later, and damage the stack at its stages."""
    stack_context = restore_context.stack_context
    faults = find(stack_context.contract.stack, folders, tuple(names))
    for fault in faults:
        stack_context.emitter.emit(FaultInjected(fault=fault.name, detail=f"{fault.title} ({fault.sort})"))
    injector = Injector(restore_context, faults)
    return StageHooks(before=(injector.mend,), after=(injector.damage,))


class Injector:
    """Injector of faults: it damages after a stage, and mends before the next."""

    def __init__(self, restore_context: RestoreContext, faults: Sequence[Fault]) -> None:
        self._restoring = restore_context
        self._faults = faults
        self._mends: list[Mend] = []

    def damage(self, stage: str) -> None:
        """Inject every fault of the restored stack that comes after ``stage``."""
        for fault in self._faults:
            if fault.on_stack and fault.after == stage:
                mend: Callable[[], None] | None = fault.on_stack(self._restoring)
                self._restoring.stack_context.emitter.emit(Note(text=f"fault {fault.name}: {fault.title}"))
                if mend:
                    self._mends.append(mend)

    def mend(self, _: str) -> None:
        """Take back what was meant to be seen by the checks of one stage only."""
        while self._mends:
            self._mends.pop()()

"""The pytest plugin that a drill with ``--fault`` loads in its inner process: damage between stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from restoreproof.assets.base import Restoring
from restoreproof.drill.config import InnerConfig
from restoreproof.drill.session import open_drill
from restoreproof.drill.stages import StageHooks
from restoreproof.faults.base import Fault, Mend
from restoreproof.faults.registry import find
from restoreproof.gherkin.running import RunningDrill
from restoreproof.journal import Emitter
from restoreproof.redact import Redactor


@pytest.hookimpl(tryfirst=True)
def pytest_restoreproof_open_drill(
    config_path: Path, emitter: Emitter, redactor: Redactor
) -> AbstractContextManager[RunningDrill]:
    """The real drill, with the faults of its configuration between its stages."""
    folders = InnerConfig.read(config_path).fault_folders
    opened = open_drill(config_path, emitter, redactor, hooks=partial(hooks, folders))
    return cast("AbstractContextManager[RunningDrill]", opened)


def hooks(folders: Sequence[Path], restoring: Restoring, names: Iterable[str]) -> StageHooks:
    """Journal every fault at once, whatever becomes of it later, and damage the stack at its stages."""
    ground = restoring.ground
    faults = find(ground.contract.stack, folders, tuple(names))
    for fault in faults:
        ground.emitter.emit("fault-injected", fault=fault.name, detail=f"{fault.title} ({fault.sort})")
    injector = Injector(restoring, faults)
    return StageHooks(before=(injector.mend,), after=(injector.damage,))


class Injector:
    """Damages after a stage, mends before the next."""

    def __init__(self, restoring: Restoring, faults: Sequence[Fault]) -> None:
        self._restoring = restoring
        self._faults = faults
        self._mends: list[Mend] = []

    def damage(self, stage: str) -> None:
        """Inject every fault of the restored stack that comes after ``stage``."""
        for fault in self._faults:
            if fault.on_stack and fault.after == stage:
                mend: Callable[[], None] | None = fault.on_stack(self._restoring)
                self._restoring.ground.emitter.emit("note", text=f"fault {fault.name}: {fault.title}")
                if mend:
                    self._mends.append(mend)

    def mend(self, _: str) -> None:
        """Take back what was meant to be seen by the checks of one stage only."""
        while self._mends:
            self._mends.pop()()

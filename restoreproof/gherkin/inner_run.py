"""The inner process of a drill, as pytest sees it: what the outer process wrote, and the plugins it needs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from restoreproof.events import Emitter, Note
from restoreproof.gherkin import collector, phrase_steps
from restoreproof.gherkin.allure_bridge import AllureBridge
from restoreproof.gherkin.printer import Printer
from restoreproof.gherkin.run_plugin import RUN, DrillRun, RunningDrill, Tee
from restoreproof.gherkin.support_code import PACKAGES, import_failure, load_support_modules
from restoreproof.journal.write import PipeEmitter
from restoreproof.plan import Plan
from restoreproof.redaction.redactor import Redactor

PIPE = "RESTOREPROOF_PIPE"
"""Names the descriptor that events leave by."""


@dataclass(frozen=True, slots=True)
class Inner:
    """What this plugin reads of the file that the outer process wrote."""

    path: Path
    plan: Plan
    features: Path
    order: tuple[str, ...]
    support_modules: tuple[str, ...]
    fault_folders: tuple[Path, ...] = ()

    @property
    def own(self) -> tuple[Path, ...]:
        """Where the stack's own checks are: the features, and the code beside them."""
        root = self.features.parent
        return (self.features, *(root / name for name in (*PACKAGES, "conftest.py")))

    @staticmethod
    def read(path: Path) -> Inner:
        """Raises KeyError, ValueError or pydantic.ValidationError if the outer wrote something else."""
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        plan = Plan.from_json(value["plan"])
        return Inner(
            path=path,
            plan=plan,
            order=tuple(value.get("order", plan.stages)),
            features=Path(value["features"]).resolve(),
            support_modules=tuple(value.get("support_modules", ())),
            fault_folders=tuple(Path(folder).resolve() for folder in value.get("fault_folders", ())),
        )


def refuse_conftest(error: Exception, path: Path, orders: Path) -> pytest.UsageError:
    """Return the error that ends a drill whose ``conftest.py`` can't be imported, and journal what it says.

    Args:
        error: what pytest raised.
        path: the ``conftest.py``.
        orders: the file that the outer process wrote.
    """
    failure = import_failure(error, path, Inner.read(orders).features.parent)
    sentence = f"{failure.where}: {failure.message}"
    _pipe(Redactor()).emit(Note(text=sentence))
    return pytest.UsageError(sentence)


def _pipe(redactor: Redactor) -> PipeEmitter:
    descriptor = os.environ.get(PIPE)
    return PipeEmitter(int(descriptor) if descriptor else None, redactor)


def configure_inner(config: pytest.Config, inner: Inner) -> None:
    """Register what a drill needs. Raises pytest.UsageError if the stack's own code can't be loaded."""
    config.stash[collector.PERFORMANCE] = collector.Performance(inner.plan, inner.features, inner.order)
    redactor = Redactor()
    raw = _pipe(redactor)
    try:
        load_support_modules(config, inner.support_modules, inner.features.parent)
        phrase_steps.register(config, inner.support_modules)
    except pytest.UsageError as error:
        raw.emit(Note(text=str(error)))
        raise
    printer = Printer(inner.plan, redactor, verbosity=config.option.verbose)
    bridge = AllureBridge(config, raw)
    emitter = Tee(raw, redactor.value, [printer])
    run = DrillRun(
        emitter,
        _opener(config, inner.path, emitter, redactor),
        whole=inner.plan.whole,
        own=inner.own,
        others=inner.fault_folders,
        listeners=[printer, bridge],
    )
    config.stash[RUN] = run
    for name, plugin in {"run": run, "trace": run.trace, "printer": printer, "allure": bridge}.items():
        config.pluginmanager.register(plugin, f"restoreproof-{name}")
    _replace_terminal(config)


def _opener(
    config: pytest.Config, path: Path, emitter: Emitter, redactor: Redactor
) -> Callable[[], AbstractContextManager[RunningDrill]]:
    def open_drill() -> AbstractContextManager[RunningDrill]:
        opened = config.hook.pytest_restoreproof_open_drill(
            config_path=path, emitter=emitter, redactor=redactor
        )
        return cast("AbstractContextManager[RunningDrill]", opened)

    return open_drill


def _replace_terminal(config: pytest.Config) -> None:
    """A drill has one voice; pytest's dots and summaries would talk over it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not config.option.collectonly:
        config.pluginmanager.unregister(reporter)

"""The inner process of a drill, as pytest sees it: what the outer process wrote, and the plugins it needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import pytest

from restoreproof.drill.handoff import InnerConfig
from restoreproof.events import Emitter, Note
from restoreproof.gherkin import collector, phrase_steps
from restoreproof.gherkin.allure_bridge import AllureBridge
from restoreproof.gherkin.further_steps import FurtherSteps
from restoreproof.gherkin.library_guard import LibraryGuard
from restoreproof.gherkin.printer import Printer
from restoreproof.gherkin.run_plugin import RUN, DrillRun, RunningDrill
from restoreproof.gherkin.step_events import Tee
from restoreproof.gherkin.support_code import PACKAGES, import_failure, load_support_modules
from restoreproof.journal.write import PipeEmitter
from restoreproof.redaction.redactor import Redactor

PIPE = "RESTOREPROOF_PIPE"
"""Names the descriptor that events leave by."""


def refuse_conftest(error: Exception, path: Path, orders: Path) -> pytest.UsageError:
    """Return the error that ends a drill whose ``conftest.py`` can't be imported, and journal what it says.

    Args:
        error: what pytest raised.
        path: the ``conftest.py``.
        orders: the file that the outer process wrote.
    """
    failure = import_failure(error, path, InnerConfig.read(orders).features.parent)
    sentence = f"{failure.where}: {failure.message}"
    _pipe(Redactor()).emit(Note(text=sentence))
    return pytest.UsageError(sentence)


def _pipe(redactor: Redactor) -> PipeEmitter:
    descriptor = os.environ.get(PIPE)
    return PipeEmitter(int(descriptor) if descriptor else None, redactor)


def configure_inner(config: pytest.Config, path: Path) -> None:
    """Register what a drill needs, as the outer process wrote it into the file ``path``.

    Raises:
        pytest.UsageError: the stack's own code can't be loaded.
        EvidenceError: the outer process wrote something else.
    """
    inner = InnerConfig.read(path)
    features = inner.features.resolve()
    config.stash[collector.PERFORMANCE] = collector.Performance(inner.plan, features, inner.order)
    redactor = Redactor()
    raw = _pipe(redactor)
    try:
        load_support_modules(config, inner.support_modules, features.parent)
        phrase_steps.register(config, inner.support_modules)
    except pytest.UsageError as error:
        raw.emit(Note(text=str(error)))
        raise
    printer = Printer(inner.plan, redactor, verbosity=config.option.verbose)
    bridge = AllureBridge(config, raw)
    emitter = Tee(raw, redactor.value, [printer])
    run = DrillRun(
        emitter,
        _opener(config, path, emitter, redactor),
        whole=inner.plan.whole,
        own=_own_code(features),
        others=[folder.resolve() for folder in inner.fault_folders],
        roots=[features.parent, inner.project.resolve()],
        listeners=[printer, bridge],
    )
    config.stash[RUN] = run
    plugins = {"run": run, "trace": run.trace, "printer": printer, "allure": bridge}
    plugins["further-steps"] = FurtherSteps()
    plugins["guard"] = LibraryGuard(config, raw)
    for name, plugin in plugins.items():
        config.pluginmanager.register(plugin, f"restoreproof-{name}")
    _replace_terminal(config)


def _own_code(features: Path) -> tuple[Path, ...]:
    """Where the stack's own checks are: the features, and the code beside them."""
    return (features, *(features.parent / name for name in (*PACKAGES, "conftest.py")))


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

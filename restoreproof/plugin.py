"""The pytest plugin: collects features, runs a drill's inner process, and sends hand-typed runs to the outer.

Inside a drill two environment variables are set. ``RESTOREPROOF_INNER`` names the JSON file that the outer
process wrote; this plugin reads its keys ``plan``, ``features``, ``order`` and ``support_modules``, the drill
reads the others. ``RESTOREPROOF_PIPE`` is the descriptor that events leave by. Without them
``pytest features/…`` launches the outer process, and ``pytest tests/`` is left alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from restoreproof.events import Emitter, Note
from restoreproof.gherkin import collector
from restoreproof.gherkin.allure_bridge import AllureBridge
from restoreproof.gherkin.printer import Printer
from restoreproof.gherkin.pytest_run import by_hand, refuse_xdist, run_by_hand
from restoreproof.gherkin.run_plugin import DrillRun, RunningDrill, Tee
from restoreproof.gherkin.support_code import PACKAGES, load_support_modules
from restoreproof.journal.write import PipeEmitter
from restoreproof.plan import Plan
from restoreproof.redaction.redactor import Redactor

pytest_plugins = ("restoreproof.gherkin.steps",)

RUN = pytest.StashKey[DrillRun]()
INNER = "RESTOREPROOF_INNER"
PIPE = "RESTOREPROOF_PIPE"


@dataclass(frozen=True, slots=True)
class Inner:
    """What this plugin reads of the file that the outer process wrote."""

    path: Path
    plan: Plan
    features: Path
    order: tuple[str, ...]
    support_modules: tuple[str, ...]

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
        )


class DrillHooks:
    """Hooks that restoreproof adds to pytest."""

    @pytest.hookspec(firstresult=True)
    def pytest_restoreproof_open_drill(
        self, config_path: Path, emitter: Emitter, redactor: Redactor
    ) -> AbstractContextManager[RunningDrill] | None:
        """The drill of this inner process, as a context manager. The first plugin that answers decides."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(DrillHooks)


@pytest.hookimpl(trylast=True)
def pytest_restoreproof_open_drill(
    config_path: Path, emitter: Emitter, redactor: Redactor
) -> AbstractContextManager[RunningDrill]:
    """The real one."""
    from restoreproof.drill.inner.session import open_drill  # only an inner process needs all of the drill

    return cast("AbstractContextManager[RunningDrill]", open_drill(config_path, emitter, redactor))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Send a run of features that was typed by hand to the outer process; pass on anything else."""
    if INNER in os.environ:
        return None
    asked = by_hand(config)
    if asked is None:
        return None
    return run_by_hand(config, asked)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    refuse_xdist(config)
    path = os.environ.get(INNER)
    if path:
        _configure_inner(config, Inner.read(Path(path)))


def _configure_inner(config: pytest.Config, inner: Inner) -> None:
    config.stash[collector.PERFORMANCE] = collector.Performance(inner.plan, inner.features, inner.order)
    redactor = Redactor()
    pipe = os.environ.get(PIPE)
    raw = PipeEmitter(int(pipe) if pipe else None, redactor)
    try:
        load_support_modules(config, inner.support_modules)
    except pytest.UsageError as error:
        raw.emit(Note(text=str(error)))
        raise
    printer = Printer(inner.plan, redactor)
    bridge = AllureBridge(config, raw)
    emitter = Tee(raw, redactor.value, [printer])
    run = DrillRun(
        emitter,
        _opener(config, inner.path, emitter, redactor),
        whole=inner.plan.whole,
        own=inner.own,
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


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".feature":
        return None
    refuse_xdist(parent.config, collecting=True)
    return collector.FeatureFile.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    collected = collector.bind(config, items)
    yield
    collector.arrange(config, items, collected)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str) -> bool | None:
    """Our tags are labels of a check and never pytest markers."""
    return True if collector.swallows(tag) else None


@pytest.fixture(scope="session")
def drill(request: pytest.FixtureRequest) -> RunningDrill:
    """The open drill of this inner process."""
    run = request.config.stash.get(RUN, None)
    if run is None or run.drill is None:
        raise pytest.UsageError("the drill fixture exists only inside a drill; use restoreproof drill")
    return run.drill

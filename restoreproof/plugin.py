"""The pytest plugin: collects features, runs a drill's inner process, and sends hand-typed runs to the outer.

pytest finds it by its entry point, in every project of the environment that restoreproof is installed in. So
it imports next to nothing, and does nothing, unless the project has a contract and features (or names the
plugin with ``-p``). There, ``pytest features/…`` launches the outer process, and any other run leaves the
features out.

Inside a drill ``RESTOREPROOF_INNER`` names the JSON file that the outer process wrote: see
``gherkin.inner_run``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from restoreproof.errors import UsageError
from restoreproof.gherkin import pytest_run

if TYPE_CHECKING:
    from restoreproof.events import Emitter
    from restoreproof.gherkin.run_plugin import RunningDrill
    from restoreproof.redaction.redactor import Redactor

INNER = "RESTOREPROOF_INNER"


class DrillHooks:
    """Hooks that restoreproof adds to pytest."""

    @pytest.hookspec(firstresult=True)
    def pytest_restoreproof_open_drill(
        self, config_path: Path, emitter: Emitter, redactor: Redactor
    ) -> AbstractContextManager[RunningDrill] | None:
        """Open the drill of this inner process as a context manager; the first plugin to answer decides."""


class FeaturesElsewhere:
    """Plugin that leaves the features out of a run of other tests, and says how they are run."""

    def __init__(self, features: list[Path]) -> None:
        self._features = features

    def pytest_report_header(self) -> list[str]:
        return [f"restoreproof: {path.name}/ runs as a drill: pytest {path.name}/" for path in self._features]

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if collection_path in self._features else None

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_bdd_apply_tag(self, tag: str) -> bool | None:
        """Keep the tags of features labels, also in a module that runs one by ``scenarios()``."""
        from restoreproof.gherkin.collector import swallows

        return True if swallows(tag) else None


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(DrillHooks)


@pytest.hookimpl(trylast=True)
def pytest_restoreproof_open_drill(
    config_path: Path, emitter: Emitter, redactor: Redactor
) -> AbstractContextManager[RunningDrill]:
    """Open the drill as the outer process ordered it, without faults."""
    from restoreproof.drill.inner.session import open_drill  # only an inner process needs all of the drill

    return cast("AbstractContextManager[RunningDrill]", open_drill(config_path, emitter, redactor))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Note the library before the stack's ``conftest.py`` is imported, or say why that can't be."""
    if INNER in os.environ:
        from restoreproof.gherkin.library_guard import note_before_conftest  # heavy, as below

        note_before_conftest(early_config)
    try:
        return (yield)
    except Exception as error:
        inner, path = os.environ.get(INNER), getattr(error, "path", None)
        if not inner or path is None:  # pytest's own words do for a run outside of a drill
            raise
        from restoreproof.gherkin.inner_run import refuse_conftest

        raise refuse_conftest(error, Path(path), Path(inner)) from error


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Send a run of features that was typed by hand to the outer process; pass on anything else."""
    if INNER in os.environ or not pytest_run.is_project(config):
        return None
    try:
        asked = pytest_run.by_hand(config)
    except UsageError as error:
        sys.stderr.write(f"restoreproof: {error}\n")
        return int(error.exit_code)
    return None if asked is None else pytest_run.run_by_hand(config, asked)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what collects features, where features are what this run is about."""
    inner = os.environ.get(INNER)
    if not inner and not pytest_run.is_project(config):
        return
    if not inner and not pytest_run.names_features(config):
        config.pluginmanager.register(FeaturesElsewhere(pytest_run.features_of_project(config)))
        return
    from restoreproof.gherkin.feature_plugin import configure_features  # heavy, and only features need it

    configure_features(config, Path(inner) if inner else None)

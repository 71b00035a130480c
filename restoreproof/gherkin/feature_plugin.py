"""What pytest needs to collect features and the plain tests beside them, in a drill or to list them."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from restoreproof.gherkin import collector, phrase_steps
from restoreproof.gherkin.feature_directory import features_of
from restoreproof.gherkin.inner_run import configure_inner
from restoreproof.gherkin.plain_tests import MARKS
from restoreproof.gherkin.pytest_run import refuse_xdist
from restoreproof.gherkin.support_code import load_support_modules, support_modules


def configure_features(config: pytest.Config, inner: Path | None) -> None:
    """Register the plugin of features; in a drill, whose orders are in the file ``inner``, all of the
    drill's.

    Raises:
        pytest.UsageError: features would be spread over processes, or the stack's own code can't be loaded.
    """
    refuse_xdist(config)
    for mark in MARKS.values():
        config.addinivalue_line("markers", mark)
    config.pluginmanager.import_plugin("restoreproof.gherkin.fixtures")
    config.pluginmanager.register(FeaturePlugin(), "restoreproof-features")
    if inner:
        configure_inner(config, inner)
        return
    modules: list[str] = []
    for arg in config.args:
        root = features_of(config.invocation_params.dir / arg).parent
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))
        load_support_modules(config, support_modules(root), root)
        modules += support_modules(root)
    phrase_steps.register(config, modules)


class FeaturePlugin:
    """Hooks that make items of feature files, and bring all items into the order of the stages."""

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path.suffix != ".feature":
            return None
        return collector.FeatureFile.from_parent(parent, path=file_path)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        collected = collector.bind(config, items)
        yield
        collector.arrange(config, items, collected)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_bdd_apply_tag(self, tag: str) -> bool | None:
        """Our tags are labels of a check and never pytest markers."""
        return True if collector.swallows(tag) else None

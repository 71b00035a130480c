"""``.feature`` files as pytest modules: items know their check and run in the order of the stages."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_bdd import scenario
from pytest_bdd.feature import get_feature
from pytest_bdd.scenario import get_python_name_generator, scenario_wrapper_template_registry

from restoreproof.errors import FeatureError
from restoreproof.gherkin import tags as tag_words
from restoreproof.gherkin.compiler import expand
from restoreproof.gherkin.document import Document, parse
from restoreproof.gherkin.linter import lint_documents
from restoreproof.gherkin.selection import keywords
from restoreproof.plan import Plan, PlannedCheck

CHECK = pytest.StashKey[PlannedCheck]()
"""The check that a collected item performs."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What this process is to perform: the plan, where its files lie, and the order of its stages."""

    plan: Plan
    features: Path
    order: tuple[str, ...]


PERFORMANCE = pytest.StashKey[Performance]()
"""On the config, inside a drill."""


def check_of(item: pytest.Item) -> PlannedCheck | None:
    """The check of an item that was collected from a feature file; None for any other test."""
    return item.stash.get(CHECK, None)


class FeatureFile(pytest.Module):
    """One ``.feature`` file: its scenarios are test functions made by pytest-bdd's ``scenario``."""

    def collect(self) -> Iterator[Any]:
        """The scenarios, each with its check; a file that the linter refuses is a collection error."""
        document = self._document()
        if document.of_source:
            return
        checks = _checks_by_call(document, self._stages())
        for item in super().collect():
            if isinstance(item, pytest.Function):
                check = checks[_call_of(item)]
                item.stash[CHECK] = check
                item.extra_keyword_matches.update(keywords(check))
            yield item

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(self.path.stem, str(self.path))
        feature = get_feature(str(self.path.parent), self.path.name)
        for title, template in feature.scenarios.items():
            for table in template.examples:
                # pytest-bdd makes markers of these without asking pytest_bdd_apply_tag (issue 774).
                table.tags = set()
            made = scenario(self.path.name, title, features_base_dir=str(self.path.parent))(_nothing_more)
            names = get_python_name_generator(title)
            setattr(module, next(name for name in names if not hasattr(module, name)), made)
        return module

    def _document(self) -> Document:
        try:
            document = parse(self.path, features_root(self.config, self.path))
        except FeatureError as error:
            raise self.CollectError(str(error)) from error
        if document.of_source:
            return document
        findings = lint_documents([document], self._stages() or _stages_named_in(document))
        if findings:
            raise self.CollectError("\n".join(map(str, findings)))
        return document

    def _stages(self) -> Sequence[str]:
        performance = self.config.stash.get(PERFORMANCE, None)
        return performance.plan.stages if performance else ()


def features_root(config: pytest.Config, path: Path) -> Path:
    """The directory that check ids count from: the drill's, else the outermost one called ``features``."""
    performance = config.stash.get(PERFORMANCE, None)
    if performance and path.is_relative_to(performance.features):
        return performance.features
    named = [parent for parent in path.parents if parent.name == "features"]
    return named[-1] if named else path.parent


def arrange(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the feature items by stage, file and line, and deselect what the plan leaves out."""
    performance = config.stash.get(PERFORMANCE, None)
    if performance and not performance.plan.whole:
        wanted = {check.id for check in performance.plan.checks}
        left_out = [item for item in items if (check := check_of(item)) and check.id not in wanted]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
    order = {stage: number for number, stage in enumerate(performance.order)} if performance else {}

    def key(item: pytest.Item) -> tuple[int, str, int]:
        check = check_of(item)
        return (order.get(check.stage, 0), check.file, check.line) if check else (-1, "", 0)

    items.sort(key=key)


def _nothing_more() -> None:
    """The body of a scenario's test function: the steps are all there is."""


def _stages_named_in(document: Document) -> list[str]:
    return [tag.value for tag in document.every_tag if tag.name == "at"]


Call = tuple[str, tuple[tuple[str, str], ...]]


def _checks_by_call(document: Document, stages: Sequence[str]) -> Mapping[Call, PlannedCheck]:
    checks = list(expand(document, stages or _stages_named_in(document)))
    titles = [
        scenario.title
        for scenario in document.scenarios
        for _ in range(sum(len(table.rows) for table in scenario.examples) or 1)
    ]
    return {(title, check.parameters): check for title, check in zip(titles, checks, strict=True)}


def scenario_of(item: pytest.Item) -> Any:
    """pytest-bdd's scenario of a feature item, with the values of its row."""
    return scenario_wrapper_template_registry[cast("pytest.Function", item).obj].render(_example_of(item))


def _example_of(item: pytest.Item) -> Mapping[str, str]:
    callspec = getattr(item, "callspec", None)
    example: Mapping[str, str] = callspec.params.get("_pytest_bdd_example", {}) if callspec else {}
    return example


def _call_of(item: pytest.Function) -> Call:
    return (scenario_wrapper_template_registry[item.obj].name, tuple(_example_of(item).items()))


def swallows(tag: str) -> bool:
    """Whether a tag is one of ours, so that it must not become a pytest marker."""
    return tag.partition(":")[0] in tag_words.KNOWN

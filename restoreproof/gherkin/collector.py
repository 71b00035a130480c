"""What pytest collects, bound to the plan: items know their check and run in the order of the stages."""

from __future__ import annotations

import types
from collections import Counter
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
from restoreproof.gherkin.feature_directory import features_of
from restoreproof.gherkin.linter import lint_documents
from restoreproof.gherkin.plain_tests import plain_test_id
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
    """The planned check of a scenario or of a plain test beside the features; None for any other test."""
    return item.stash.get(CHECK, None)


@dataclass(slots=True)
class Collection:
    """What was collected that the plan does not account for.

    ``strangers`` are tests that no check was planned for, by node id; they are not run. ``dropped`` counts,
    by check, the cases of a parametrised test that something deselected.
    """

    strangers: list[str]
    dropped: Counter[str]


COLLECTION = pytest.StashKey[Collection]()
"""On the config, inside a drill, once items were collected."""


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
    """The directory that check ids count from: the drill's, else by the rule of ``feature_directory``."""
    performance = config.stash.get(PERFORMANCE, None)
    if performance and path.is_relative_to(performance.features):
        return performance.features
    return features_of(path)


def bind(config: pytest.Config, items: list[pytest.Item]) -> Counter[str]:
    """Give each plain test its planned check, and count the items of every check.

    A scenario that a test module binds itself (``scenarios()`` of pytest-bdd) runs there, where its steps
    may be, and not a second time as an item of its feature file.

    Raises:
        pytest.UsageError: a test is marked for another stage than its source was read to say.
    """
    performance = config.stash.get(PERFORMANCE, None)
    if performance:
        for item in items:
            if CHECK not in item.stash and (check := _planned_check(item, performance)):
                item.stash[CHECK] = check
        bound = {check.id for item in items if (check := check_of(item)) and not _of_feature_file(item)}
        items[:] = [
            item
            for item in items
            if not (check := check_of(item)) or check.id not in bound or not _of_feature_file(item)
        ]
    return Counter(check.id for item in items if (check := check_of(item)))


def _of_feature_file(item: pytest.Item) -> bool:
    return isinstance(item.parent, FeatureFile)


def _planned_check(item: pytest.Item, performance: Performance) -> PlannedCheck | None:
    if not item.path.is_relative_to(performance.features):
        return None
    if template := scenario_wrapper_template_registry.get(getattr(item, "obj", None) or _nothing_more):
        document = parse(Path(template.feature.filename), performance.features)
        checks = _checks_by_call(document, performance.plan.stages)
        return checks.get(_call_of(cast("pytest.Function", item)))
    file = item.path.relative_to(performance.features).as_posix()
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    check = performance.plan.check(plain_test_id(file, (*classes, getattr(item, "originalname", item.name))))
    marked = item.get_closest_marker("at")
    if check and marked and marked.args[:1] != (check.stage,):
        raise pytest.UsageError(
            f"{check.id} was planned for the stage {check.stage!r} and is marked for {marked.args}: "
            'write pytest.mark.at("…") out at the test, its class or as pytestmark'
        )
    return check


def arrange(config: pytest.Config, items: list[pytest.Item], collected: Counter[str]) -> None:
    """Sort the items by stage, file and line, and deselect what is not planned.

    Args:
        items: what is left after every hook of the project had its say.
        collected: what ``bind`` counted before.
    """
    performance = config.stash.get(PERFORMANCE, None)
    if performance:
        planned = {check.id for check in performance.plan.checks}
        left_out = [item for item in items if not (check := check_of(item)) or check.id not in planned]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
        # Of a part of the features nothing tells what was left out on purpose from what was never planned.
        strangers = [_name_of(item) for item in left_out] if performance.plan.whole else []
        kept = Counter(check.id for item in items if (check := check_of(item)))
        config.stash[COLLECTION] = Collection(strangers, collected - kept)
    order = {stage: number for number, stage in enumerate(performance.order)} if performance else {}

    def key(item: pytest.Item) -> tuple[int, str, int]:
        check = check_of(item)
        return (order.get(check.stage, 0), check.file, check.line) if check else (-1, "", 0)

    items.sort(key=key)


def _name_of(item: pytest.Item) -> str:
    check = check_of(item)
    return check.id if check else item.nodeid


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

"""What a check declares, what is refused of it, and who may register one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

import pytest

from restoreproof import doors
from restoreproof.checks import registry
from restoreproof.checks.phrases import check, kind_of, kinds_in, then, when
from restoreproof.checks.registry import Registered, installed, refuse_clashes, with_own
from restoreproof.contract.ref import Ref
from restoreproof.doors import Door
from restoreproof.errors import ExitCode, FeatureError, PluginError
from restoreproof.gherkin.phrase_steps import step_module
from restoreproof.gherkin.vocabulary import SURVEY
from restoreproof.outcome import Observation, Outcome

SEEN = Observation(Outcome.PASSED, "it is there", "it is", 1, 1)
PAGE = Path(__file__).parents[3] / "docs" / "writing-features.md"


def declared(name: str, when_text: str | None, then_text: str) -> type[Any]:
    """A check so called, with one phrase of each sort."""

    class Survey:
        @classmethod
        def look(cls, restore: object) -> Survey:
            return cls()

        @then(then_text)
        def there(self) -> Observation:
            return SEEN

    if when_text:
        when(when_text)(vars(Survey)["look"])
    return check(name)(Survey)


@check("shelves", covers="bucket")
@dataclass(frozen=True, slots=True)
class Shelves:
    """What lies on a shelf."""

    things: int

    @when('the "{bucket}" shelf of row {row:d} is looked at')
    @classmethod
    def look(cls, restore: object, bucket: Annotated[str, Ref("bucket")], row: int) -> Shelves:
        return cls(row)

    @then("{n:d} things lie on it")
    def lying(self, n: int) -> Observation:
        return SEEN

    @then("it is dusted")
    def dusted(self) -> Observation:
        return SEEN


def test_a_class_declares_its_name_its_phrases_and_what_they_name() -> None:
    kind = kind_of(Shelves)
    assert (kind.name, kind.covers, kind.looks_when_asked) == ("shelves", "bucket", False)
    looked, *stated = kind.phrases
    assert (looked.keyword, looked.method, looked.placeholders) == ("when", "look", ("bucket", "row"))
    assert kind.references(looked) == {"bucket": "bucket"}
    assert [(one.text, one.method) for one in stated] == [
        ("{n:d} things lie on it", "lying"),
        ("it is dusted", "dusted"),
    ]


class Broken:
    """Classes that are no checks, each with a part of what is said of it."""

    class NoLook:
        @then("it is there")
        def there(self) -> Observation:
            return SEEN

    class NoClassmethod:
        @when("it is looked at")
        def look(self, restore: object) -> None: ...

        @then("it is there")
        def there(self) -> Observation:
            return SEEN

    class StatesNothing:
        @when("it is looked at")
        @classmethod
        def look(cls, restore: object) -> None: ...

    class Unfilled:
        @when("it is looked at")
        @classmethod
        def look(cls, restore: object, asset: str) -> None: ...

        @then("it is there")
        def there(self) -> Observation:
            return SEEN

    class Unknown:
        @when('the "{thing}" is looked at')
        @classmethod
        def look(cls, restore: object) -> None: ...

        @then("it is there")
        def there(self) -> Observation:
            return SEEN

    class Twice:
        @when("it is looked at")
        @classmethod
        def look(cls, restore: object) -> None: ...

        @then("it is there")
        def there(self) -> Observation:
            return SEEN

        @then("it is there")
        def again(self) -> Observation:
            return SEEN

    class Unasked:
        @classmethod
        def look(cls, restore: object, asset: str) -> None: ...

        @then("it is there")
        def there(self) -> Observation:
            return SEEN


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        (Broken.NoLook, "look() is missing, or no classmethod"),
        (Broken.NoClassmethod, "look() is missing, or no classmethod"),
        (Broken.StatesNothing, "no method has a @then"),
        (Broken.Unfilled, "'it is looked at' does not fill the parameter 'asset' of look()"),
        (Broken.Unknown, "look() has no parameter 'thing'"),
        (Broken.Twice, "two phrases say 'it is there'"),
        (Broken.Unasked, "no @when says how to fill the parameter 'asset' of look()"),
    ],
)
def test_a_class_that_can_be_no_check_is_refused_with_its_file(survey: type, said: str) -> None:
    with pytest.raises(PluginError) as refused:
        check("a thing")(survey)
    assert said in str(refused.value)
    assert str(refused.value).startswith("tests/unit/checks/test_phrases.py: ") or __name__ in str(
        refused.value
    )
    assert refused.value.exit_code is ExitCode.COULD_NOT_START


def test_a_class_without_a_declaration_is_no_check() -> None:
    with pytest.raises(PluginError, match="ExitCode is no check"):
        kind_of(ExitCode)


def registered(survey: type[Any], source: str) -> Registered:
    return Registered(kind_of(survey), source)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (("x", "a is seen", "b"), ("x", "c is seen", "d"), "two checks are called 'x'"),
        (("x", "a is seen", "b"), ("y", "a is seen", "d"), "two checks say When 'a is seen'"),
        (("x", None, "b"), ("y", "c is seen", "b"), "two checks say Then 'b'"),
    ],
)
def test_two_of_one_name_or_one_text_are_named_with_their_distributions(
    one: tuple[str, str | None, str], other: tuple[str, str | None, str], said: str
) -> None:
    with pytest.raises(PluginError) as refused:
        refuse_clashes([registered(declared(*one), "of mine 1"), registered(declared(*other), "of yours 2")])
    assert said in str(refused.value)
    assert "of mine 1" in str(refused.value)
    assert "of yours 2" in str(refused.value)


def test_two_checks_may_share_a_then_and_each_answers_for_its_own() -> None:
    surveys = declared("x", "a is seen", "it is there"), declared("y", "c is seen", "it is there")
    checks = refuse_clashes([registered(one, "of mine") for one in surveys])
    (shared,) = steps_saying(step_module(checks), "then")
    observed: list[Observation] = []
    drill = SimpleNamespace(observe=observed.append)
    for survey in surveys:
        shared(drill=drill, survey=survey())
    assert observed == [SEEN, SEEN]
    with pytest.raises(FeatureError, match="says nothing of what was looked at"):
        shared(drill=drill, survey=object())


def steps_saying(module: ModuleType, keyword: str) -> list[Callable[..., Any]]:
    """The step functions of one keyword that were made in ``module``."""
    made = [value for name, value in vars(module).items() if name.startswith(f"pytestbdd_stepdef_{keyword}_")]
    return [one._fixture_function().step_func for one in made]


def test_a_when_leaves_what_it_saw_and_a_then_is_called_with_its_placeholders() -> None:
    module = step_module([registered(Shelves, "of mine")])
    (look,), (first, _) = steps_saying(module, "when"), steps_saying(module, "then")
    asked: list[object] = []
    drill = SimpleNamespace(look=lambda survey, **nouns: asked.append((survey, nouns)), observe=asked.append)
    look(drill=drill, bucket="b", row=3)
    first(drill=drill, survey=Shelves(3), n=3)
    assert asked == [(Shelves, {"bucket": "b", "row": 3}), SEEN]
    (context,) = [value._fixture_function() for name, value in vars(module).items() if "stepdef_when" in name]
    assert context.target_fixture == SURVEY


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Register one target as a check of another distribution."""

    def register(target: str) -> None:
        door = Door(doors.CHECKS, "theirs", "restoreproof-theirs", "1", target)
        monkeypatch.setattr(doors, "entries", lambda group: (door,))
        installed.cache_clear()

    yield register
    installed.cache_clear()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module.of_checks", "can't be imported: ModuleNotFoundError"),
        ("restoreproof.errors", "declares no check"),
        ("restoreproof.errors:ExitCode", "ExitCode is no check"),
    ],
)
def test_an_entry_that_brings_no_check_is_named(
    entries: Callable[[str], None], target: str, said: str
) -> None:
    entries(target)
    with pytest.raises(PluginError, match=re.escape(said)) as refused:
        registry.installed()
    assert "restoreproof-theirs" in str(refused.value) or "restoreproof/errors.py" in str(refused.value)
    assert refused.value.exit_code is ExitCode.COULD_NOT_START


def test_a_module_or_a_class_of_another_distribution_brings_its_checks(
    entries: Callable[[str], None],
) -> None:
    for target in ("restoreproof.checks.canary", "restoreproof.checks.canary:CanaryJob"):
        entries(target)
        assert [(one.kind.name, one.source) for one in installed()] == [
            ("canary", "of restoreproof-theirs 1")
        ]


def test_what_a_step_module_imports_of_the_installed_checks_is_no_second_one() -> None:
    own = ModuleType("own")
    vars(own).update({one.kind.survey.__name__: one.kind.survey for one in installed()}, Shelves=Shelves)
    assert [one.kind.name for one in with_own([own])] == [*(one.kind.name for one in installed()), "shelves"]


def test_the_example_of_the_page_on_features_is_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    example, alias = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)[:2]
    for name, text in (("example_check", example), ("example_alias", alias)):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, str(PAGE), "exec"), vars(module))
    (kind,) = kinds_in(vars(sys.modules["example_check"]))
    looked, stated = kind.phrases
    assert (kind.references(looked), stated.method) == ({"dataset": "dataset"}, "equal")
    unequal = sys.modules["restoreproof.checks.base"].Findings()
    assert kind.survey(3, 3, unequal).equal().outcome is Outcome.PASSED
    assert kind.survey(0, 0, unequal).equal().outcome is Outcome.NOT_VERIFIED

"""Which checks a ``-k`` expression and a list of paths choose: one answer for the plan and for pytest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from _pytest.mark.expression import Expression

from restoreproof.errors import SelectionError
from restoreproof.plan import PlannedCheck


def keywords(check: PlannedCheck) -> set[str]:
    """The names ``-k`` is matched against, besides what pytest knows of the item.

    The feature's title is none of them: it would pull in every scenario of the file, and their stages.
    """
    return {check.id, check.title, check.file, check.stage, *check.tags}


def function_name(title: str) -> str:
    """The name of the test function of a scenario, as node ids show it."""
    from pytest_bdd.scenario import make_python_name  # heavy, and only needed here

    return f"test_{make_python_name(title)}"


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the features: an expression as of ``pytest -k``, and paths or node ids below ``features``."""

    features: Path
    expression: str | None = None
    paths: tuple[Path, ...] = ()

    def choose(self, checks: Iterable[PlannedCheck]) -> list[PlannedCheck]:
        """The checks that are selected, in their order.

        Raises:
            SelectionError: the expression is not one, or a path is outside the features.
        """
        compiled = self._compiled()
        chosen = [check for check in checks if self._in_paths(check)]
        if compiled is None:
            return chosen
        return [check for check in chosen if compiled.evaluate(_Matcher(check))]

    def _compiled(self) -> Expression | None:
        if not self.expression:
            return None
        try:
            return Expression.compile(self.expression)
        except SyntaxError as error:
            raise SelectionError(f"-k {self.expression!r} is no expression: {error}") from error

    def _in_paths(self, check: PlannedCheck) -> bool:
        if not self.paths:
            return True
        file = (self.features / check.file if self.features.is_dir() else self.features).resolve()
        return any(_covers(path, file, check) for path in self.paths)


def _covers(path: Path, file: Path, check: PlannedCheck) -> bool:
    where, _, node = str(path).partition("::")
    place = Path(where).resolve()
    if place != file and place not in file.parents:
        return False
    if not node or node == check.id:
        return True
    if check.is_plain_test:
        return _covers_test(node, check.id.partition("::")[2])
    return node.partition("[")[0] == function_name(check.title)


def _covers_test(node: str, name: str) -> bool:
    """Whether ``CLASS::test`` or just ``CLASS``, as it was typed after the file, is of the test ``name``."""
    plain, bracket, case = node.partition("[")
    if bracket and plain == name:
        raise SelectionError(f"a plain test is one check with all its cases: leave [{case} out of {node!r}")
    return name == node or name.startswith(f"{node}::")


class _Matcher:
    def __init__(self, check: PlannedCheck) -> None:
        named = keywords(check) if check.is_plain_test else {*keywords(check), function_name(check.title)}
        self._names = [name.lower() for name in named]

    def __call__(self, subname: str, /, **_: str | int | bool | None) -> bool:
        return any(subname.lower() in name for name in self._names)

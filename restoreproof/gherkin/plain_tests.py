"""Plain ``test_*.py`` files beside the features: which checks they hold, read from their source, never run.

The outer process sees the host and holds the key, so it imports nothing of a stack's. What pytest will
collect in the sandbox is read from the syntax tree: every ``test…`` function, and every ``test…`` method of a
``Test…`` class, is one planned check. What can't be read so (a test made at run time, inherited, or imported)
is collected without being planned, and the drill says so by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin import tags as tag_words
from restoreproof.gherkin.document import Tag
from restoreproof.plan import PlannedCheck

FILES = ("test_*.py", "*_test.py")
"""Names of the files that pytest collects plain tests from."""

MARKS = {
    "at": "at(name): the stage of the restore order after which the test looks",
    "advisory": "advisory: shown, but never counted in the verdict",
    "severity": "severity(level): blocker, critical, normal, minor or trivial",
    "control": "control(id): a control that the test is evidence for",
    "rests_on": "rests_on(subject): what of the target must be as in production for a pass to count",
    "states": "states(asset/statement): what of an asset the test states, of what its kind rests on",
    "owner": "owner(name): shown in the report",
    "epic": "epic(name): shown in the report",
    "story": "story(name): shown in the report",
}
"""Pytest markers that say of a plain test what the tag of that name says of a scenario, with their help."""

_BODIES = ("body", "orelse", "handlers", "finalbody")


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a test stands: the names of the classes around it, and the marks of each, the innermost first."""

    file: str
    feature: str
    stages: Sequence[str]
    classes: tuple[str, ...] = ()
    layers: tuple[tuple[Tag, ...], ...] = ()


def plain_test_files(features: Path) -> list[Path]:
    """Every file of plain tests below the directory ``features``, sorted; none below a single file."""
    return (
        sorted({path for pattern in FILES for path in features.rglob(pattern)}) if features.is_dir() else []
    )


def plain_checks(features: Path, stages: Sequence[str]) -> list[PlannedCheck]:
    """The checks of every plain test below ``features``, in the order of files and lines.

    A check's id is the test's node id below ``features``; a parametrised test is one check, whose outcome is
    the worst of its cases. Without ``pytest.mark.at`` a test looks after the last of ``stages``.

    Raises:
        FeatureError: a file is no Python, a mark can't be read from its source, or two tests have one name.
    """
    return [check for path in plain_test_files(features) for check in _checks_of(path, features, stages)]


def plain_test_id(file: str, names: Sequence[str]) -> str:
    """The id of a plain test: ``file`` below the features, and the names of its classes and function."""
    return "::".join((file, *names))


def _checks_of(path: Path, features: Path, stages: Sequence[str]) -> list[PlannedCheck]:
    file = path.relative_to(features).as_posix()
    module = read_module(path, file)
    title = _first_line(module) or path.stem.replace("_", " ")
    scope = _Scope(file, title, stages, layers=(_pytestmark(module.body, file),))
    checks = list(_tests(module.body, scope))
    lines: dict[str, int] = {}
    for check in checks:
        if check.id in lines:
            name = check.id.partition("::")[2]
            raise FeatureError(
                f"two tests are called {name!r}: lines {lines[check.id]} and {check.line}",
                where=Location(file, check.line),
                hint="rename one of them: Python keeps only the last",
            )
        lines[check.id] = check.line
    return checks


def read_module(path: Path, name: str) -> ast.Module:
    """The syntax tree of the Python file ``path``, called ``name`` in messages.

    Raises:
        FeatureError: it can't be read, or is no Python; with file and line.
    """
    try:
        return ast.parse(path.read_bytes(), name)
    except (OSError, ValueError) as error:
        raise FeatureError(f"the file can't be read: {error}", where=Location(name)) from error
    except SyntaxError as error:
        raise FeatureError(f"not Python: {error.msg}", where=Location(name, error.lineno)) from error


def _tests(body: Iterable[ast.AST], scope: _Scope) -> Iterator[PlannedCheck]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test") and not any(map(_is_scenario, node.decorator_list)):
                yield _check(node, scope)
        elif isinstance(node, ast.ClassDef):
            yield from _tests_of_class(node, scope)
        else:
            # Below an `if` or a `try` it may or may not be there: planned, it is missed when it is not.
            below = (child for name in _BODIES for child in getattr(node, name, ()))
            yield from _tests(below, scope)


def _is_scenario(decorator: ast.expr) -> bool:
    """Whether it is pytest-bdd's ``@scenario(…)``: what it decorates is a check of a feature already."""
    return isinstance(decorator, ast.Call) and _last_name(decorator.func) == "scenario"


def _tests_of_class(node: ast.ClassDef, scope: _Scope) -> Iterator[PlannedCheck]:
    if any(_last_name(base).endswith("TestCase") for base in node.bases):
        raise FeatureError(
            f"{node.name} is a unittest class, and its methods get no fixtures to look at the stack with",
            where=Location(scope.file, node.lineno),
            hint=f"leave the base class out: class {_collected_name(node.name)}",
        )
    if node.name.startswith("Test"):
        marks = (*_marks(node.decorator_list, scope.file), *_pytestmark(node.body, scope.file))
        inner = _Scope(
            scope.file, scope.feature, scope.stages, (*scope.classes, node.name), (marks, *scope.layers)
        )
        yield from _tests(node.body, inner)


def _check(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> PlannedCheck:
    layers = (_marks(node.decorator_list, scope.file), *scope.layers)
    where = Location(scope.file, node.lineno)
    tags = tag_words.resolve(layers)
    bound = tag_words.effective(layers, "at")
    return PlannedCheck(
        id=plain_test_id(scope.file, (*scope.classes, node.name)),
        title=_first_line(node) or node.name.removeprefix("test").strip("_").replace("_", " ") or node.name,
        feature=scope.feature,
        file=scope.file,
        line=node.lineno,
        stage=tag_words.stage_of(layers, scope.stages, where) if bound else scope.stages[-1],
        mandatory="advisory" not in tags,
        tags=tags,
        steps=(),
    )


def _pytestmark(body: Iterable[ast.stmt], file: str) -> tuple[Tag, ...]:
    """The marks that ``pytestmark = …`` gives to everything in ``body``."""
    tags: list[Tag] = []
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if isinstance(node, ast.Assign) and any(_last_name(target) == "pytestmark" for target in targets):
            value = node.value
            tags += _marks(value.elts if isinstance(value, ast.List | ast.Tuple) else [value], file)
    return tuple(tags)


def _marks(expressions: Iterable[ast.expr], file: str) -> tuple[Tag, ...]:
    return tuple(tag for expression in expressions for tag in _mark(expression, file))


def _mark(expression: ast.expr, file: str) -> Iterator[Tag]:
    called = expression if isinstance(expression, ast.Call) else None
    function = called.func if called else expression
    if not (isinstance(function, ast.Attribute) and _last_name(function.value) == "mark"):
        return
    name, line = function.attr.replace("_", "-"), expression.lineno
    if function.attr not in MARKS:
        return
    if name in tag_words.FLAGS:
        yield Tag(name, "", line)
        return
    values = [node.value for node in called.args if isinstance(node, ast.Constant)] if called else []
    if not called or not values or len(values) != len(called.args) or called.keywords:
        raise _unreadable(function.attr, file, line)
    for value in values:
        if not isinstance(value, str) or not value:
            raise _unreadable(function.attr, file, line)
        if name == "severity" and value not in tag_words.SEVERITIES:
            hint = tag_words.suggest(value, tag_words.SEVERITIES)
            raise FeatureError(f"unknown severity {value!r}", where=Location(file, line), hint=hint)
        yield Tag(name, value, line)


def _unreadable(mark: str, file: str, line: int) -> FeatureError:
    return FeatureError(
        f"what pytest.mark.{mark} says can't be read without running the file",
        where=Location(file, line),
        hint=f'write it out where it stands: pytest.mark.{mark}("…")',
    )


def _last_name(node: ast.AST) -> str:
    """``c`` of ``a.b.c``, or a plain name; empty for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _collected_name(name: str) -> str:
    return name if name.startswith("Test") else f"Test{name}"


def _first_line(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0].strip().rstrip(".")

"""The map of controls: which checks support which control, how far, and what they leave open.

``controls.toml`` here holds the controls and what they demand; which checks of a stack bear on them, and
what each check shows, comes with the stack's plan.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from restoreproof.outcome import Outcome
from restoreproof.plan import CheckScope, StackControls
from restoreproof.record.model import CheckRecord, Record

CONTROL_TAG = "control:"
"""The tag ``@control:LABEL`` of a feature or scenario names a control by its label."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ControlRef(_Entry):
    """One control: its demand in short, what its checks support and what they do not prove.

    ``label`` names it in tags, in Allure and in OSCAL; ``reference`` is how its own text names it.
    ``verify`` is empty where the demand was read in a copy of the text, and else says what was not.
    ``record`` names the parts of the record that speak to the control besides its checks.
    """

    label: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9.-]*$")
    framework: str
    reference: str
    demand: str
    checks: tuple[str, ...] = ()
    record: tuple[str, ...]
    supports: str
    not_proven: str
    verify: str = ""

    def takes(self, check_id: str) -> bool:
        """Return whether one of the globs in ``checks`` matches."""
        return any(fnmatchcase(check_id, glob) for glob in self.checks)


class ControlMap(_Entry):
    """The controls in their order, with the checks that bear on them. ``frameworks`` are titles by key."""

    schema_: Literal["restoreproof/controls/v1"] = Field(alias="schema")
    frameworks: dict[str, str]
    control: tuple[ControlRef, ...]
    check: tuple[CheckScope, ...]

    def labelled(self, label: str) -> ControlRef | None:
        """Return the control of that label, or None."""
        return next((control for control in self.control if control.label == label), None)

    def title(self, control: ControlRef) -> str:
        """Return the title of the control's framework."""
        return self.frameworks.get(control.framework, control.framework)

    def scope(self, check_id: str) -> CheckScope | None:
        """Return what the map says about that check, or None."""
        return next((scope for scope in self.check if fnmatchcase(check_id, scope.id)), None)


class Support(StrEnum):
    """The word of one drill about a control."""

    SUPPORTED = "supported by this drill"
    CONTRADICTED = "contradicted by this drill"
    OPEN = "left open by this drill"
    NOT_EXAMINED = "not examined by this drill"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One control and the checks of one drill that bear on it; advisory checks are listed, never counted.

    ``sound`` says that the drill was whole, isolated and left complete evidence: else nothing is supported.
    """

    control: ControlRef
    framework: str
    checks: tuple[CheckRecord, ...]
    sound: bool

    @property
    def support(self) -> Support:
        """The drill's word: contradicted by a failure, supported if all passed in a sound drill, or open."""
        outcomes = {check.outcome for check in self.checks if check.mandatory}
        if not outcomes:
            return Support.NOT_EXAMINED
        if Outcome.FAILED in outcomes:
            return Support.CONTRADICTED
        return Support.SUPPORTED if self.sound and outcomes == {Outcome.PASSED} else Support.OPEN


@cache
def control_map(stack: StackControls = StackControls()) -> ControlMap:  # noqa: B008 - it is frozen
    """Return the shipped map with what a stack says of its checks; controls that it alone names are last.

    Raises:
        pydantic.ValidationError: the shipped file does not hold what it must.
    """
    shipped = _shipped()
    checks = {bearing.control: bearing.checks for bearing in stack.bearings}
    described = tuple(
        control.model_copy(update={"checks": (*checks.pop(control.label, ()), *control.checks)})
        for control in shipped.control
    )
    own = tuple(_undescribed(label, globs) for label, globs in checks.items())
    return shipped.model_copy(
        update={"control": (*described, *own), "check": (*shipped.check, *stack.scopes)}
    )


@cache
def _shipped() -> ControlMap:
    text = files("restoreproof.views").joinpath("controls.toml").read_text(encoding="utf-8")
    return ControlMap.model_validate(tomllib.loads(text))


def controls_for(
    check_id: str,
    tags: Iterable[str],
    stack: StackControls = StackControls(),  # noqa: B008
) -> tuple[ControlRef, ...]:
    """Return the controls that a check supports: by the map, and by the ``control:LABEL`` among its tags.

    A label that the map does not hold is kept, and says that nothing is known of it.
    """
    mapped_controls = control_map(stack)
    named = [tag.removeprefix(CONTROL_TAG) for tag in tags if tag.startswith(CONTROL_TAG)]
    mapped = [
        control for control in mapped_controls.control if control.label in named or control.takes(check_id)
    ]
    return (
        *mapped,
        *(_undescribed(label) for label in dict.fromkeys(named) if mapped_controls.labelled(label) is None),
    )


def matrix(record: Record) -> tuple[MatrixRow, ...]:
    """Return every control of the map, then those that only tags name, with the checks of this drill."""
    shipped = control_map(record.controls)
    bearing: dict[str, list[CheckRecord]] = {control.label: [] for control in shipped.control}
    controls = {control.label: control for control in shipped.control}
    for check in record.checks:
        for control in controls_for(check.id, check.tags, record.controls):
            controls.setdefault(control.label, control)
            bearing.setdefault(control.label, []).append(check)
    sound = record.plan.whole and record.safety.isolated and not record.incomplete
    return tuple(
        MatrixRow(control, shipped.title(control), tuple(bearing[label]), sound)
        for label, control in controls.items()
    )


@cache
def _undescribed(label: str, checks: tuple[str, ...] = ()) -> ControlRef:
    return ControlRef.model_construct(
        label=label,
        framework="Named by the stack only",
        reference=label,
        demand="not described by restoreproof's map of controls",
        checks=checks,
        record=(),
        supports="What the checks that name it assert.",
        not_proven="Whatever else the control demands.",
        verify="read the control",
    )


_HEAD = """\
# Controls that a drill supports

A drill supports a control; it never shows that an organisation fulfils one. Each row says what the control
demands in short, which checks and which parts of `record.json` bear on it, what they support when the checks
pass, and what they do not prove.
None of these texts was found to demand a signature: sealing strengthens integrity and custody, no more.

*Source* says how far the demand can be relied on: *read* in a copy of the text, or what to verify against it
before the claim is published. A check that failed contradicts every control that it bears on.

The same map labels the checks in Allure and makes the matrix in `drill.pdf` and in
`oscal-assessment-results.json`. A feature can name further controls with `@control:LABEL`.
"""


def page(stack: StackControls) -> str:
    """Return docs/controls.md: the map with the checks of ``stack``."""
    shown = control_map(stack)
    return "\n".join([_HEAD, *_frameworks(shown), *_scopes(shown)]) + "\n"


def _frameworks(shown: ControlMap) -> Iterator[str]:
    for key, title in shown.frameworks.items():
        yield f"## {title}\n"
        yield _row("Control", "Demand", "Looked at", "Supports", "Does not prove", "Source")
        yield _row(*["---"] * 6)
        for control in shown.control:
            if control.framework == key:
                label = f"{control.reference}<br>`{control.label}`"
                source = f"verify: {control.verify}" if control.verify else "read"
                yield _row(
                    label, control.demand, _looked_at(control), control.supports, control.not_proven, source
                )
        yield ""


def _looked_at(control: ControlRef) -> str:
    checks = _codes(control.checks) or "no check: not answered by a drill"
    return f"{checks}; in the record {_codes(control.record)}" if control.record else checks


def _scopes(shown: ControlMap) -> Iterator[str]:
    yield "## What each check shows, and what it does not\n"
    yield _row("Check", "Shows", "Does not show", "Bears on")
    yield _row(*["---"] * 4)
    for scope in shown.check:
        labels = [control.label for control in shown.control if control.takes(scope.id)]
        yield _row(f"`{scope.id}`", scope.shows, scope.not_shown, _codes(labels))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _codes(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)

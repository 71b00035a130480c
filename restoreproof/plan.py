"""What a drill is going to assert, frozen before anything starts."""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import rfc8785
from pydantic import TypeAdapter

PLAN_SCHEMA = "restoreproof/plan/v1"
CATALOGUE_CHECK = "set/catalogue"
"""The check that no feature states, and every drill makes: whether the set is what its catalogue says."""
AGE_CHECK = "set/age"
"""The check that no feature states, and every drill makes: whether the set is recent enough."""
_LATER: dict[str, Any] = {
    "governance": None,
    "coverage": None,
    "service_stage": "smoke",
    "support_sha256": None,
    "controls": None,
    "nouns": [],
    "files": [],
    "unstated": [],
    "schedule": None,
}
"""Keys that came into the plan after its first release, and what they are where a plan has none."""
_LATER_OF_A_STEP = frozenset({"table", "docstring"})


def stage_check(stage: str) -> str:
    """Return the id of the check that no feature states: whether the set restores at ``stage``."""
    return f"restore/{stage}"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One line of a scenario, as written.

    ``kind`` is what the keyword means in any language, as Gherkin's parser names it: Context, Action or
    Outcome; an *And* is of the kind of the line before it. ``table`` includes its header row.
    """

    keyword: str
    text: str
    line: int
    kind: str = ""
    table: tuple[tuple[str, ...], ...] = ()
    docstring: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One scenario (or one row of an outline) or one plain test, bound to a stage of the restore order.

    ``id`` is stable across drills: the feature's folder and the scenario's ``@id:`` tag or slug,
    such as ``consistency/proof-object-keys``; rows of an outline append their values. A plain test has its
    node id below the features, such as ``consistency/test_rows.py::test_counts``, and no steps.
    """

    id: str
    title: str
    feature: str
    file: str
    line: int
    stage: str
    mandatory: bool
    tags: tuple[str, ...]
    steps: tuple[PlannedStep, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    rule: str | None = None

    @property
    def is_plain_test(self) -> bool:
        """Whether the check is a function of a ``test_*.py`` file, and no scenario."""
        return self.file.endswith(".py")


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure that was accepted in advance, by name and until a day (ISO date, UTC)."""

    check: str
    reason: str
    owner: str
    approver: str
    until: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule that asks for drills: which one, in which version, how often. ``digest`` is its SHA-256."""

    id: str
    version: str | None = None
    frequency: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Runbook:
    """The instructions that people restore by; ``digest`` is their SHA-256 (hex)."""

    path: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long evidence is kept: ``text`` as it was written, in calendar months and in days."""

    text: str
    months: int = 0
    days: int = 0

    def until(self, day: date) -> date | None:
        """Return the last day on which evidence of ``day`` is kept; None past the end of the calendar."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        if year > date.max.year:
            return None
        last = calendar.monthrange(year, month + 1)[1]
        try:
            return date(year, month + 1, min(day.day, last)) + timedelta(days=self.days)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Governance:
    """The rules that a drill answers to. Nothing of it decides a verdict; a reviewer asks for it."""

    policy: Policy | None = None
    bia_reference: str | None = None
    runbook: Runbook | None = None
    retention: Retention | None = None
    classification: str | None = None
    approver_required: bool | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """Something that a drill leaves out, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of a drill: what the contract lets it restore, and what it leaves out."""

    systems: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class Bearing:
    """The checks of a stack that bear on a control: its label, and ids of checks, globs allowed."""

    control: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckScope:
    """Scope of a check, or of every check of a glob: what its passing shows, and what it does not."""

    id: str
    shows: str
    not_shown: str


@dataclass(frozen=True, slots=True)
class StackControls:
    """Controls of a stack: which its checks support, and how far."""

    bearings: tuple[Bearing, ...] = ()
    scopes: tuple[CheckScope, ...] = ()


@dataclass(frozen=True, slots=True)
class NounDefinition:
    """Noun of the contract that features can name; ``digest`` is the SHA-256 (hex) of its block."""

    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class AssetStatements:
    """Statements about one asset of a ``kind``: what has to be stated, or what no mandatory check states."""

    asset: str
    kind: str
    statements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' and '.join(self.statements)} of the asset {self.asset} ({self.kind})"


@dataclass(frozen=True, slots=True)
class BackupSchedule:
    """How often a backup is taken, and by how much the newest may be late (both in seconds)."""

    every_s: float
    grace_s: float

    @property
    def limit_s(self) -> float:
        """The age (seconds) from which on a recovery point is too old."""
        return self.every_s + self.grace_s


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """File of the stack that the inner process is given; ``sha256`` is in hex, ``path`` as in its copy."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Features × contract, compiled. ``digest`` names it in the journal, the record and the ledger.

    ``features_sha256`` is over the feature files, ``support_sha256`` over the code that they and the plain
    tests run: test files, ``steps/``, ``fixtures/``, ``conftest.py``; None where there is none. The service
    counts as back when the checks of ``service_stage`` have passed. ``unstated`` is what an asset's being
    VERIFIED rests on and no mandatory check states; a plan that is not ``whole`` leaves it out. ``schedule``
    says how old the set may be; None if the contract states none.
    """

    stack: str
    contract_sha256: str
    features_sha256: str
    harness: str
    stages: tuple[str, ...]
    checks: tuple[PlannedCheck, ...]
    rpo_s: float
    rto_s: float
    whole: bool = True
    selection: str | None = None
    waivers: tuple[Waiver, ...] = ()
    waivers_allowed: bool = False
    governance: Governance | None = None
    coverage: Coverage | None = None
    service_stage: str = "smoke"
    support_sha256: str | None = None
    controls: StackControls | None = None
    nouns: tuple[NounDefinition, ...] = ()
    unstated: tuple[AssetStatements, ...] = ()
    schedule: BackupSchedule | None = None
    files: tuple[PlannedFile, ...] = ()
    schema: str = field(default=PLAN_SCHEMA)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the plan's canonical JSON (RFC 8785)."""
        return hashlib.sha256(rfc8785.dumps(self.as_json())).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values.

        A later key that says nothing is left out, so a plan frozen before it keeps its digest.
        """
        value: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        for check in value["checks"]:
            for step in check["steps"]:
                for key in _LATER_OF_A_STEP & {name for name, item in step.items() if not item}:
                    del step[key]
        return {key: item for key, item in value.items() if key not in _LATER or item != _LATER[key]}

    def check(self, check_id: str) -> PlannedCheck | None:
        """Return the planned check of that id; None if there is none."""
        return next((check for check in self.checks if check.id == check_id), None)

    @staticmethod
    def from_json(value: Any) -> Plan:
        """Return the plan that ``as_json`` wrote. Raises pydantic.ValidationError on anything else."""
        return _ADAPTER.validate_python(value)


_ADAPTER = TypeAdapter(Plan)

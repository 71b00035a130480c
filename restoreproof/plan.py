"""What a drill is going to assert, frozen before anything starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from pydantic import TypeAdapter

PLAN_SCHEMA = "restoreproof/plan/v1"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One line of a scenario, as written.

    ``kind`` is what the keyword means in any language, as Gherkin's parser names it: Context, Action or
    Outcome; an *And* is of the kind of the line before it.
    """

    keyword: str
    text: str
    line: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One scenario (or one row of an outline), bound to a stage of the restore order.

    ``id`` is stable across drills: the feature's folder and the scenario's ``@id:`` tag or slug,
    such as ``consistency/proof-object-keys``; rows of an outline append their values.
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


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure that was accepted in advance, by name and until a day (ISO date, UTC)."""

    check: str
    reason: str
    owner: str
    approver: str
    until: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Features × contract, compiled. ``digest`` names it in the journal, the record and the ledger."""

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
    schema: str = field(default=PLAN_SCHEMA)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the plan's canonical JSON (RFC 8785)."""
        return hashlib.sha256(rfc8785.dumps(self.as_json())).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        value: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return value

    def check(self, check_id: str) -> PlannedCheck | None:
        """The planned check of that id, or None."""
        return next((check for check in self.checks if check.id == check_id), None)

    @staticmethod
    def from_json(value: Any) -> Plan:
        """The plan that ``as_json`` wrote. Raises pydantic.ValidationError on anything else."""
        return _ADAPTER.validate_python(value)


_ADAPTER = TypeAdapter(Plan)

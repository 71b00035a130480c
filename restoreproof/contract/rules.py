"""What a stack answers to: its objectives, its schedule, and the rules that ask for its drills."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from restoreproof import plan
from restoreproof.contract.declarations import AssetName, StageName
from restoreproof.contract.durations import PATTERN, Seconds
from restoreproof.contract.durations import seconds as seconds_of

RETENTION = r"^\d+ ?(d|days?|w|weeks?|months?|y|years?)$"
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"m": 1, "y": 12}

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A text that ends up in one cell of a table."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _span(text: object) -> object:
    seconds_of(text)
    return text


def _retention(text: object) -> plan.Retention:
    if isinstance(text, plan.Retention):
        return text
    if not isinstance(text, str) or not re.match(RETENTION, text):
        raise ValueError(f"{text!r} is no time to keep evidence for; write it like 90 days, 18 months or 6y")
    number, unit = re.split(r"(?<=\d) ?(?=[a-z])", text)
    months, days = _MONTHS.get(unit[0], 0), _DAYS.get(unit[0], 0)
    if int(number) == 0:
        raise ValueError(f"{text!r} is no time at all")
    return plan.Retention(text, int(number) * months, int(number) * days)


Span = Annotated[str, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": PATTERN})]
Keep = Annotated[
    Any,
    BeforeValidator(_retention),
    WithJsonSchema({"type": "string", "pattern": RETENTION, "examples": ["90 days", "18 months", "6y"]}),
]
"""How long evidence is kept: read as ``plan.Retention``."""


class RuleBlock(BaseModel):
    """Base of the blocks of rules: frozen, all keys known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Objectives(RuleBlock):
    """Recovery objectives: how much may be lost (RPO), and how long a recovery may take (RTO).

    The service counts as back when the checks of the stage ``service`` have passed: ``smoke`` where the order
    has one, else the last stage. ``survives`` names the assets that outlive the loss that the RTO is for: a
    time in which they were in place, and not restored, counts.
    """

    rpo_s: Seconds = Field(alias="rpo")
    rto_s: Seconds = Field(alias="rto")
    service: StageName | None = None
    survives: tuple[AssetName, ...] = ()


class Schedule(RuleBlock):
    """How often a backup is taken, and by how much the newest may be late before it counts as missed.

    ``grace`` covers how long a backup takes and waits for its drill: half of ``every`` where it is left out.
    """

    every_s: Seconds = Field(alias="every")
    grace_s: Seconds | None = Field(default=None, alias="grace")


class CatalogueRule(RuleBlock):
    """Whose catalogues a drill believes. ``key`` is the file of a public key, relative to the contract.

    With ``required`` a drill refuses a catalogue that is unsigned, or signed by another key; without, the
    headline says so.
    """

    key: Line | None = None
    required: bool = False


class PolicyBlock(RuleBlock):
    """The topic-specific policy on backup; ``digest`` is the SHA-256 (hex) of its text."""

    id: Line
    version: Line | None = None
    frequency: Span | None = None
    digest: Sha256 | None = None


class RunbookBlock(RuleBlock):
    """Runbook that people restore by, relative to the contract; a file there has to have ``digest``."""

    path: Line
    digest: Sha256 | None = None


class WaiverBlock(RuleBlock):
    """A failure that was accepted in advance: which check's, why, whose, by whom, and until which day."""

    check: Line
    reason: Line
    owner: Line
    approver: Line
    until: date


class GovernanceBlock(RuleBlock):
    """The rules behind a drill. Only ``waivers`` and ``waivers_pass`` touch its exit code.

    ``bia`` refers to the business impact analysis, ``scenario`` says what the drill rehearses, ``excluded``
    what it leaves out, and why. ``waivers_pass`` lets a drill whose failures are all waived exit with 0.
    """

    policy: PolicyBlock | None = None
    bia: Line | None = None
    runbook: RunbookBlock | None = None
    retention: Keep | None = None
    classification: Line | None = None
    approver_required: bool | None = None
    scenario: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    excluded: dict[Line, Line] = Field(default_factory=dict, max_length=100)
    waivers: tuple[WaiverBlock, ...] = ()
    waivers_pass: bool = False

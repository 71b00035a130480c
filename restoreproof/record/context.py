"""Who drilled, with what, under which rules, where, and of how much: parts of the record as frozen data.

What the journal does not tell is None or empty here, and named among the record's ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.plan import Excluded, Policy, Runbook
from restoreproof.plan_changes import PlanChange


@dataclass(frozen=True, slots=True)
class Actors:
    """Who ran the drill. ``operator`` is a login name, or the actor that a CI names.

    ``approver_required`` is the contract's word that somebody else signs the evidence off.
    """

    operator: str | None = None
    ci_run_url: str | None = None
    approver_required: bool | None = None


@dataclass(frozen=True, slots=True)
class HarnessBuild:
    """The program that drilled, and what it was given: each by version or SHA-256 (hex).

    ``code_sha256`` is of the code that made the record: the same code makes it again, byte for byte.
    """

    version: str = ""
    git_commit: str | None = None
    code_sha256: str | None = None
    features_sha256: str = ""
    contract_sha256: str = ""
    lockfile_sha256: str | None = None
    python: str | None = None


@dataclass(frozen=True, slots=True)
class PlanComparisonRecord:
    """What the plan asks less of than that of ``previous``, the stack's last drill that asked everything.

    ``changes`` are the first of ``total``. ``previous`` is None where there was no such drill; ``unknown``
    says why its plan could not be compared.
    """

    previous: str | None = None
    changes: tuple[PlanChange, ...] = ()
    total: int = 0
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class GovernanceRecord:
    """The rules that the drill answers to, as the contract states them."""

    policy: Policy | None = None
    bia_reference: str | None = None
    runbook: Runbook | None = None
    retention: str | None = None
    retention_until: str | None = None
    classification: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class ComponentRecord:
    """What ran as one service. ``digest`` names its program or image; ``source`` says where it came from."""

    service: str
    component: str | None = None
    version: str | None = None
    digest: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class MarkerRecord:
    """A store of a foreign target that showed it was provisioned for this very drill, before any write.

    ``sha256`` is the digest of the nonce that was found there; the nonce itself is written nowhere.
    """

    service: str
    address: str | None = None
    created_at: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """What the set was restored into. Its isolation and its end are in the record's ``safety``.

    ``host_fingerprint`` is a digest that tells one machine from another and names none; ``markers`` are
    there only where the drill did not make its target itself.
    """

    runtime: str | None = None
    components: tuple[ComponentRecord, ...] = ()
    markers: tuple[MarkerRecord, ...] = ()
    destroyed_at: str | None = None
    host_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class FidelityRecord:
    """One fact about ``service`` (``*`` for all) in the target, held against production; and what follows.

    ``production`` and ``differs`` are None where the contract does not declare what production has.
    """

    subject: str
    service: str
    here: str
    production: str | None
    differs: bool | None
    consequence: str


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One check that examined a part only, and how the part was drawn."""

    check: str
    method: str
    examined: int | None
    of: int | None


@dataclass(frozen=True, slots=True)
class ScopeRecord:
    """What the drill covered. ``extent`` is ``full``, or ``sample`` if any check drew one."""

    systems: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    extent: str = "full"
    samples: tuple[SampleRecord, ...] = ()
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """Where the drill's machine has its time from, and how far that was off, where it was known."""

    source: str | None = None
    offset_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Custody:
    """Where the evidence stands among that of other drills, and by whose key it is to be sealed.

    ``self_issued`` says that the key was made by the drill itself, so nobody else vouches for it.
    """

    ledger_seq: int | None = None
    ledger_entry_sha256: str | None = None
    previous_record_sha256: str | None = None
    manifest_sha256: str | None = None
    key_id: str | None = None
    self_issued: bool | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field that a reviewer may ask for and that is empty, and why it is."""

    field: str
    why: str

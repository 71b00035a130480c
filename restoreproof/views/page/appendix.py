"""The appendix: what ran, each file of the set, each probe, each digest in full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from restoreproof.record.model import Record
from restoreproof.views.page.model import Line, Section, Table, Words, digest, line
from restoreproof.views.template_environment import size

_MANY = 200
_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})")


def components(record: Record) -> Section:
    """Make the table of what ran as each service."""
    rows = tuple(
        (
            line(part.service),
            line(part.component or "not recorded"),
            line(part.version or "not recorded"),
            line(digest(part.digest)),
            line(part.source or "not recorded"),
        )
        for part in record.target.components[:_MANY]
    )
    columns = ("Service", "Component", "Version", "Digest", "From")
    return Section("components", "What the set was restored into", (Table(columns, (3, 3, 2, 3, 5), rows),))


def fidelity(record: Record) -> Section:
    """Make the table of every fact of the target beside what production has."""
    rows = tuple(
        (
            line(fact.subject),
            line("every service" if fact.service == "*" else fact.service),
            _with_digests(fact.here),
            _with_digests(fact.production or "not declared"),
            line({True: "differs", False: fact.consequence, None: "—"}[fact.differs]),
        )
        for fact in record.fidelity[:_MANY]
    )
    columns = ("Subject", "Service", "Here", "In production", "")
    return Section("fidelity", "The target beside production", (Table(columns, (2, 2, 6, 4, 2), rows),))


def _with_digests(text: str) -> Line:
    """The text, with each digest in it shortened and the whole of it behind."""
    parts = filter(None, _DIGEST.split(text))
    return line(*(digest(part) if _DIGEST.fullmatch(part) else part for part in parts))


def artifacts(record: Record) -> Section:
    """Make the table of the set's files: the digest that was read and the one that was expected."""
    backup = record.backup_set
    rows = tuple(
        (
            line(part.name),
            line(size(part.bytes) if part.bytes is not None else "—"),
            line(digest(part.sha256)),
            line(digest(part.expected_sha256)),
            line(part.digest_source or "not recorded"),
        )
        for part in backup.artifacts[:_MANY]
    )
    total = backup.artifacts_total or len(rows)
    heading = f"Files of the set ({len(rows)} of {total:,})"
    columns = ("File", "Size", "SHA-256 read", "SHA-256 expected", "Expected by")
    return Section("artifacts", heading, (Table(columns, (6, 2, 3, 3, 5), rows),))


def probes(record: Record) -> Section:
    """Make the table of each attempt to get out, and of its positive control from outside."""
    reached = {True: "reached", False: "reached nothing"}
    places = (("inside", record.safety.probes), ("outside, as positive control", record.safety.controls))
    rows = tuple(
        (line(probe.probe), line(place), line(reached[probe.reached]), line(probe.detail))
        for place, probes_there in places
        for probe in probes_there[:_MANY]
    )
    return Section(
        "probes",
        "Isolation, probe by probe",
        (Table(("Probe", "From", "Outcome", "Said"), (3, 3, 2, 6), rows),),
    )


def digests(record: Record) -> Section:
    """Make the table of every digest that the first page shortens."""
    rows = tuple((line(name), (Words(value, value),)) for name, value in _digests(record) if value)
    return Section("digests", "Digests in full", (Table(("Of", "SHA-256"), (3, 8), rows),))


def _digests(record: Record) -> Iterator[tuple[str, str | None]]:
    backup, custody, build = record.backup_set, record.custody, record.harness_build
    yield "plan", record.plan.digest
    yield "contract", record.plan.contract_sha256
    yield "features", record.plan.features_sha256
    yield "tests, steps and fixtures", record.plan.support_sha256
    yield "harness, commit", build.git_commit
    yield "harness, lock of its parts", build.lockfile_sha256
    yield "backup manifest", backup.manifest_sha256
    yield "catalogue", backup.catalogue.sha256 if backup.catalogue else None
    yield "key", custody.key_id
    yield "ledger entry", custody.ledger_entry_sha256
    yield "record before this one", custody.previous_record_sha256
    yield "host, fingerprint", record.target.host_fingerprint


def unknown(record: Record) -> Section:
    """Make the table of what a reviewer may ask for and the record does not hold."""
    rows: tuple[tuple[Line, ...], ...] = tuple((line(item.field), line(item.why)) for item in record.unknown)
    return Section("unknown", "Not known, and why", (Table(("What", "Why"), (3, 8), rows),))

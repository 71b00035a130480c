"""The backup set that was restored, as the outer process found it: parts of the record as frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContradictionRecord:
    """An artifact of the set that is not what its catalogue says."""

    artifact: str
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """One file of the set. ``sha256`` is what was read, ``expected_sha256`` what was to be there.

    ``digest_source`` says where the expectation comes from, and what ties it to something outside the set.
    """

    name: str
    bytes: int | None
    sha256: str | None
    expected_sha256: str | None
    digest_source: str | None


@dataclass(frozen=True, slots=True)
class Encryption:
    """How the set's secrets are encrypted. ``recipients`` counts those who could decrypt them."""

    scheme: str
    recipients: int | None = None


@dataclass(frozen=True, slots=True)
class ReferenceRecord:
    """An asset that is no file of the set: its provider keeps it, under the name ``reference``.

    ``in-place`` as a reference means that nothing was restored, and what was there was looked at. ``engine``
    and ``bytes`` are the word of whoever adopted it.
    """

    asset: str
    reference: str
    engine: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReissuedFromRecord:
    """The set that a catalogue was written for first, before it was written again for an adopted one."""

    set_id: str | None
    manifest_sha256: str | None


@dataclass(frozen=True, slots=True)
class CatalogueRecord:
    """What was known of the set from outside it.

    ``author`` says whose word it is: ``signed`` by the key that was named, ``foreign`` by another one,
    ``unchecked`` where none was named, or ``unsigned``; None where the drill did not look. ``key_id`` is the
    SHA-256 (hex) of the public key that it names.
    """

    sha256: str | None = None
    reissued_from: ReissuedFromRecord | None = None
    author: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class SetRecord:
    """The backup set. ``facts`` holds whatever else the outer process knew of it.

    ``artifacts`` are the first of ``artifacts_total``, those that contradict before all others.
    ``age_s`` is how old the recovery point was when the drill was opened.
    """

    set_id: str | None = None
    run_id: str | None = None
    recovery_point: str | None = None
    taken_at: str | None = None
    age_s: float | None = None
    location: str | None = None
    release: str | None = None
    synthetic: bool | None = None
    tool_versions: tuple[tuple[str, str], ...] = ()
    encryption: Encryption | None = None
    manifest_sha256: str | None = None
    catalogue: CatalogueRecord | None = None
    artifacts: tuple[ArtifactRecord, ...] = ()
    artifacts_total: int | None = None
    objects: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    verified_before_restore: bool | None = None
    contradictions: tuple[ContradictionRecord, ...] = ()
    references: tuple[ReferenceRecord, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

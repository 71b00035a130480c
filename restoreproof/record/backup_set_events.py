"""What the journal says about the backup set: the outer process read it before anything was restored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from restoreproof.journal.read import JournalLine
from restoreproof.record import values
from restoreproof.record.backup_set import (
    ArtifactRecord,
    CatalogueRecord,
    ContradictionRecord,
    Encryption,
    ReferenceRecord,
    ReissuedFromRecord,
    SetRecord,
)
from restoreproof.record.gaps import MANY

_TOLD = {field.name for field in fields(SetRecord)} - {"catalogue"} | {"files", "reissued_from"}


class BackupSetEvents:
    """Takes in the events that tell of the set."""

    def __init__(self) -> None:
        self.contradictions: list[ContradictionRecord] = []
        self._set = SetRecord()
        self._opened: JournalLine | None = None
        self._reissued: ReissuedFromRecord | None = None
        self._restoring = False

    def on_drill_opened(self, event: JournalLine) -> None:
        self._opened = self._opened or event

    def on_stage_entered(self, event: JournalLine) -> None:
        self._restoring = True

    def on_set_verified(self, event: JournalLine) -> None:
        data = event.data
        synthetic = data.get("synthetic")
        self._reissued = _reissued(values.mapping(data, "reissued_from"))
        self._set = SetRecord(
            set_id=values.optional_text(data, "set_id", 200),
            run_id=values.optional_text(data, "run_id", 200),
            recovery_point=values.optional_text(data, "recovery_point", 100),
            taken_at=values.optional_text(data, "taken_at", 100),
            location=values.optional_text(data, "location", 1000),
            release=values.optional_text(data, "release", 200),
            synthetic=synthetic if isinstance(synthetic, bool) else None,
            tool_versions=values.pairs(values.mapping(data, "tool_versions")),
            encryption=_encryption(values.mapping(data, "encryption")),
            manifest_sha256=values.optional_text(data, "manifest_sha256", 200),
            artifacts=tuple(_artifact(one) for one in values.mappings(data, "files", MANY)),
            artifacts_total=values.count(data, "artifacts"),
            objects=values.count(data, "objects"),
            bytes=values.count(data, "bytes"),
            seconds=values.number(data, "seconds"),
            verified_before_restore=not self._restoring,
            references=tuple(_reference(one) for one in values.mappings(data, "references", MANY)),
            facts=values.pairs({key: data[key] for key in data if key not in _TOLD}),
        )

    def on_set_contradiction(self, event: JournalLine) -> None:
        if len(self.contradictions) < MANY:
            found = (values.text(event.data, key) for key in ("artifact", "expected", "observed"))
            self.contradictions.append(ContradictionRecord(*found))

    def record(self) -> SetRecord:
        """The set that was restored."""
        named = self._set.set_id
        if named is None and self._opened is not None:
            named = values.optional_text(self._opened.data, "set_id", 200)
        opened = self._opened.at if self._opened else None
        catalogue = _catalogue(self._opened.data) if self._opened else None
        return replace(
            self._set,
            set_id=named,
            age_s=_between(self._set.recovery_point, opened),
            catalogue=replace(catalogue, reissued_from=self._reissued) if catalogue else None,
            contradictions=tuple(self.contradictions),
        )


def _encryption(told: Mapping[str, Any]) -> Encryption | None:
    scheme = values.optional_text(told, "scheme", 100)
    return Encryption(scheme, values.count(told, "recipients")) if scheme else None


def _catalogue(data: Mapping[str, Any]) -> CatalogueRecord | None:
    sha256 = values.optional_text(data, "catalogue_sha256", 200)
    return CatalogueRecord(sha256) if sha256 else None


def _reissued(told: Mapping[str, Any]) -> ReissuedFromRecord | None:
    if not told:
        return None
    named = (values.optional_text(told, key, 200) for key in ("set_id", "manifest_sha256"))
    return ReissuedFromRecord(*named)


def _reference(told: Mapping[str, Any]) -> ReferenceRecord:
    return ReferenceRecord(
        asset=values.text(told, "asset", 200),
        reference=values.text(told, "reference", 600),
        engine=values.optional_text(told, "engine", 100),
        bytes=values.count(told, "bytes"),
    )


def _artifact(told: Mapping[str, Any]) -> ArtifactRecord:
    return ArtifactRecord(
        name=values.text(told, "name", 500),
        bytes=values.count(told, "bytes"),
        sha256=values.optional_text(told, "sha256", 100),
        expected_sha256=values.optional_text(told, "expected_sha256", 100),
        digest_source=values.optional_text(told, "digest_source", 300),
    )


def _between(earlier: str | None, later: str | None) -> float | None:
    """Seconds between two moments; None unless both are moments in time."""
    first, last = values.moment(earlier), values.moment(later)
    return None if first is None or last is None else round((last - first).total_seconds(), 3)

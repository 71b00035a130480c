"""What the journal says about the backup set: the outer process read it before anything was restored."""

from __future__ import annotations

from dataclasses import replace

from restoreproof.events import (
    EncryptionFacts,
    ReissueFacts,
    SetContradicted,
    SetFile,
    SetReference,
    SetVerified,
    StageEntered,
)
from restoreproof.journal.read import JournalLine
from restoreproof.record.backup_set import (
    ArtifactRecord,
    CatalogueRecord,
    ContradictionRecord,
    Encryption,
    ReferenceRecord,
    ReissuedFromRecord,
    SetRecord,
)
from restoreproof.record.first_event import FirstEvent
from restoreproof.record.gaps import MANY
from restoreproof.record.moments import seconds_between
from restoreproof.record.pairs import pairs


class BackupSetEvents:
    """Takes in the events that tell of the set; ``opening`` is the drill's first event.

    ``is_verified`` says that the set was read and held against its manifest, whatever came of it.
    """

    def __init__(self, opening: FirstEvent) -> None:
        self.contradictions: list[ContradictionRecord] = []
        self._opening = opening
        self._set = SetRecord()
        self._reissued: ReissuedFromRecord | None = None
        self._restoring = False
        self.is_verified = False

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        match line.event:
            case StageEntered():
                self._restoring = True
            case SetVerified() as event:
                self.is_verified = True
                self._reissued = _reissued(event.reissued_from)
                self._set = _set(event, before_restore=not self._restoring)
            case SetContradicted() as event if len(self.contradictions) < MANY:
                self.contradictions.append(
                    ContradictionRecord(event.artifact, event.expected, event.observed)
                )

    def record(self) -> SetRecord:
        """Return the set that was restored."""
        opened = self._opening.event
        sha256 = opened.catalogue_sha256 if opened else None
        return replace(
            self._set,
            set_id=self._set.set_id or (opened.set_id if opened else None) or None,
            age_s=seconds_between(self._set.recovery_point, self._opening.at),
            catalogue=CatalogueRecord(
                sha256, self._reissued, opened.catalogue_author, opened.catalogue_key_id
            )
            if opened and sha256
            else None,
            contradictions=tuple(self.contradictions),
        )


def _set(event: SetVerified, *, before_restore: bool) -> SetRecord:
    return SetRecord(
        set_id=event.set_id or None,
        run_id=event.run_id or None,
        recovery_point=event.recovery_point or None,
        taken_at=event.taken_at or None,
        location=event.location or None,
        release=event.release or None,
        synthetic=event.synthetic,
        tool_versions=pairs(event.tool_versions),
        encryption=_encryption(event.encryption),
        manifest_sha256=event.manifest_sha256 or None,
        artifacts=tuple(_artifact(file) for file in event.files),
        artifacts_total=event.artifacts,
        objects=event.objects,
        bytes=event.bytes,
        seconds=event.seconds,
        verified_before_restore=before_restore,
        references=tuple(_reference(reference) for reference in event.references),
        facts=pairs({"lacks": event.lacks, "catalogue": event.catalogue}),
    )


def _encryption(facts: EncryptionFacts | None) -> Encryption | None:
    return Encryption(facts.scheme, facts.recipients) if facts and facts.scheme else None


def _reissued(facts: ReissueFacts | None) -> ReissuedFromRecord | None:
    return ReissuedFromRecord(facts.set_id or None, facts.manifest_sha256 or None) if facts else None


def _reference(reference: SetReference) -> ReferenceRecord:
    return ReferenceRecord(
        asset=reference.asset,
        reference=reference.reference,
        engine=reference.engine or None,
        bytes=reference.bytes,
    )


def _artifact(file: SetFile) -> ArtifactRecord:
    return ArtifactRecord(
        name=file.name,
        bytes=file.bytes,
        sha256=file.sha256 or None,
        expected_sha256=file.expected_sha256 or None,
        digest_source=file.digest_source or None,
    )

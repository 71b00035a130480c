"""What restored code could read where nothing is put around it: such a drill is refused, not believed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from restoreproof.backups.catalogue import Catalogue
from restoreproof.drill.evidence_store import EvidenceStore
from restoreproof.drill.request import DrillInputs, DrillRequest
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.driver import OuterRuntime
from restoreproof.sealing.catalogue_signature import Authorship
from restoreproof.sealing.keys import signing_key


def refuse_reachable(
    request: DrillRequest, inputs: DrillInputs, filing: EvidenceStore, hosting: OuterRuntime
) -> None:
    """Refuse ``--allow-unisolated`` where restored code would run as a user who may read what is private.

    Raises:
        EnvironmentUnfitError: it would, and could read a key, the recovery identity, the set or evidence.
    """
    if not (request.allow_unisolated and hosting.unconfined):
        return
    if reachable := [what for what, path in _private(request, inputs, filing) if os.access(path, os.R_OK)]:
        raise EnvironmentUnfitError(
            f"{hosting.unconfined}; so restored code could read {', '.join(reachable)}, and "
            "--allow-unisolated does not go as far as that",
            hint="`restoreproof doctor` says what this machine lacks for a sandbox; a drill in containers "
            "(--runtime compose) runs no restored code as this user",
        )


def is_vouched_synthetic(
    inputs: DrillInputs, catalogue: Catalogue | None, own_key: Path, *, sound: bool
) -> bool:
    """Return whether a key that this machine holds says of this very set that its data is made up.

    Then its code is this machine's own, and may run where nothing is put around it.

    Args:
        catalogue: what is known of the set.
        own_key: the private key that this machine signs catalogues with, if it has one.
        sound: whether every byte of the set is what ``catalogue`` says.
    """
    author, backup = inputs.author, inputs.backup
    if not (sound and catalogue and author and inputs.held.how != "in place" and own_key.is_file()):
        return False
    signed = author.authorship is Authorship.SIGNED and author.keyid == signing_key(f"file:{own_key}").keyid
    return signed and catalogue.manifest_sha256 == backup.manifest_sha256 and backup.manifest.synthetic


def _private(request: DrillRequest, inputs: DrillInputs, filing: EvidenceStore) -> Iterator[tuple[str, Path]]:
    """What nobody else may read, as a person calls it, and where it is."""
    if filing.key_path:
        yield f"the signing key {filing.key_path}", filing.key_path
    yield f"the recovery identity {request.identity}", request.identity
    yield f"the set {inputs.backup.directory}", inputs.backup.directory
    if inputs.catalogue:
        yield f"its catalogue {inputs.catalogue}", inputs.catalogue
    yield f"the evidence in {request.reports}", request.reports

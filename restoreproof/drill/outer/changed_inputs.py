"""What a drill took before it began, looked at again when it is over: the set, and the code of the stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.held_set import changes_of
from restoreproof.drill.request import DrillInputs
from restoreproof.events import InputChanged
from restoreproof.verifier.formats import sha256_of


def changed_inputs(inputs: DrillInputs, catalogue: Catalogue | None) -> Iterator[InputChanged]:
    """Yield an event for each thing that is not what it was when it was taken."""
    for file in inputs.plan.files:
        if _sha256(inputs.place / file.path) != file.sha256:
            yield InputChanged(name=file.path, what="it is not the file that the plan names")
    for change in changes_of(inputs.held, catalogue):
        yield InputChanged(name=f"the set {inputs.backup.manifest.set_id}", what=change)


def _sha256(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None

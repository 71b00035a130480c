"""Release artifacts: what was running when the backup was taken, by version and digest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, ClassVar

from restoreproof.assets.base import Asset, BackupContext, RestoreContext
from restoreproof.backups import missing

DIRECTORY = "release"
KEPT = ("release.json", "sbom.cdx.json", "openapi.json")


class ReleaseAsset(Asset):
    """The description of the release that wrote the backup: digests, SBOM, API description."""

    after: ClassVar[tuple[str, ...]] = ()
    rests_on: ClassVar[tuple[str, ...]] = ("version and digests",)

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.RELEASE)

    def back_up(self, backup_context: BackupContext) -> None:
        contract = backup_context.stack_context.contract
        running = contract.source.release if contract.source else "expected"
        source = contract.release_directory(running)
        target = backup_context.directory / DIRECTORY
        target.mkdir(parents=True)
        for name in KEPT:
            shutil.copyfile(source / name, target / name)


def describe(directory: Path) -> dict[str, Any]:
    """Return the ``release.json`` below ``directory``. Raises OSError or ValueError where there is none."""
    described: dict[str, Any] = json.loads((directory / "release.json").read_text())
    return described

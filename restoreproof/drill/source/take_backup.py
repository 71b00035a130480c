"""One backup set and its catalogue entry, taken from a stack while it serves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from restoreproof import __version__
from restoreproof.assets.base import BackupContext, StackContext
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.adopt import UNKNOWN_RELEASE
from restoreproof.backups.catalogue import AssetKnown, Catalogue
from restoreproof.backups.manifest import Manifest, new_id, write_manifest
from restoreproof.private_files import close_to_others, make_private_directory


class BackupOrder(BaseModel):
    """What is asked of a source: where to write, and to whom the secrets are encrypted (an age recipient)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    directory: Path
    catalogue: Path
    recipient: str
    synthetic: bool


def take_backup(stack_context: StackContext, provisioned: Path, order: BackupOrder) -> str:
    """Take every asset, write manifest and catalogue, and return the id of the set.

    Assets are taken in the restore order: the database's snapshot first, then the objects, so that every
    object that a row of the snapshot refers to exists when it is copied. The recovery point is what the first
    asset that has a snapshot states, else the time before any was taken.

    Raises:
        RestoreFailed: a tool failed.
        OSError: the set can't be written.
    """
    make_private_directory(order.directory)
    begun = datetime.now(UTC)
    known: dict[str, AssetKnown] = {}
    for asset in stack_context.assets():
        backup_context = BackupContext(stack_context, order.directory, order.recipient, provisioned)
        asset.back_up(backup_context)
        known[asset.name] = backup_context.learnt.known(asset.name, asset.kind)
    contract = stack_context.contract
    release = (
        contract.releases.named(contract.source.release).version
        if contract.releases and contract.source
        else UNKNOWN_RELEASE
    )
    point = next((one.recovery_point for one in known.values() if one.recovery_point), begun)
    with stack_context.phase("manifest"):
        manifest, sha256 = write_manifest(
            order.directory,
            set_id=new_id(),
            stack=contract.stack,
            run_id=new_id(),
            recovery_point=point,
            synthetic=order.synthetic,
            release=release,
            tool_versions=_versions(stack_context),
        )
    close_to_others(order.directory)  # whatever the tools and kinds of asset that wrote it think of modes
    catalogues.save(_catalogue(manifest, sha256, known), order.catalogue)
    return manifest.set_id


def _catalogue(manifest: Manifest, sha256: str, assets: dict[str, AssetKnown]) -> Catalogue:
    return Catalogue(
        set_id=manifest.set_id,
        stack=manifest.stack,
        taken_at=datetime.now(UTC),
        recovery_point=manifest.recovery_point,
        manifest_sha256=sha256,
        release=manifest.release,
        assets=assets,
    )


def _versions(stack_context: StackContext) -> dict[str, str]:
    found = {"restoreproof": __version__}
    for asset in stack_context.assets():
        found.update(asset.versions(stack_context))
    return found

"""A copy of a backup set that may be damaged, and sealed again so that its digests agree."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage

from restoreproof.assets.identity_file import recipient_of
from restoreproof.assets.vault import parse_environment, read_identity
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups import layout
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.catalogue import AssetKnown, BucketsKnown
from restoreproof.backups.manifest import Manifest, write_manifest
from restoreproof.backups.objects import ObjectEntry, read_index, store_blob, summarise, write_index
from restoreproof.sealing.catalogue_signature import sign_catalogue, signature_of
from restoreproof.sealing.keys import make_signing_key, signing_key


class SetCopy:
    """A private copy of a set and of its catalogue entry.

    Args:
        backup: the set that is copied; it is never written to.
        catalogue: what is known of it.
        directory: where the copies go.
        identity: the recovery identity, to read secrets and to encrypt them again.
    """

    def __init__(self, backup: BackupSet, catalogue: Path, directory: Path, identity: Path) -> None:
        self.directory, self.catalogue = directory / "set", directory / "catalogue.json"
        self.manifest = backup.manifest
        self.known = catalogues.load(catalogue)
        self._identity = identity
        shutil.copytree(backup.directory, self.directory)
        shutil.copyfile(catalogue, self.catalogue)
        if (signature := signature_of(catalogue)).is_file():
            shutil.copyfile(signature, signature_of(self.catalogue))
        self.catalogue_key: Path | None = None
        """The public key of a catalogue that was written again; None while it is as it was."""

    def path(self, relative: str) -> Path:
        """Return the path of a file of the copy, which may be changed."""
        return self.directory / relative

    def objects(self, bucket: str) -> list[ObjectEntry]:
        """Return the index of a bucket: one entry for each object."""
        return list(read_index(self.directory, bucket))

    def content(self, entry: ObjectEntry) -> bytes:
        """Return the bytes that are stored under an entry."""
        return self.path(layout.blob(entry.sha256)).read_bytes()

    def reindex(self, bucket: str, entries: Iterable[ObjectEntry]) -> None:
        """Replace the index of a bucket."""
        kept = list(entries)
        for path in (self.directory / layout.INDEX).glob(f"{bucket}-*.jsonl"):
            path.unlink()
        write_index(self.directory, bucket, kept)

    def replace_content(self, bucket: str, key: str, content: bytes) -> None:
        """Store other content under a key, as if it had been backed up like that."""
        size, sha256 = store_blob(self.directory, [content])
        self.reindex(
            bucket,
            [
                replace(entry, size=size, sha256=sha256) if entry.key == key else entry
                for entry in self.objects(bucket)
            ],
        )

    def add_object(self, bucket: str, like: ObjectEntry, key: str, content: bytes) -> None:
        """Add an object that looks like another."""
        size, sha256 = store_blob(self.directory, [content])
        added = replace(like, key=key, size=size, sha256=sha256, metadata={})
        self.reindex(bucket, [*self.objects(bucket), added])

    def edit_environment(self, edit: Callable[[dict[str, str]], None]) -> None:
        """Decrypt the environment, let ``edit`` change it, and encrypt it to the same recipient."""
        path = self.path(layout.ENVIRONMENT)
        text = pyrage.decrypt(path.read_bytes(), [read_identity(self._identity)]).decode()
        values = parse_environment(text, layout.ENVIRONMENT)
        edit(values)
        recipient = pyrage.x25519.Recipient.from_str(recipient_of(self._identity))
        lines = "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
        path.write_bytes(pyrage.encrypt(lines.encode(), [recipient]))

    def shift_recovery_point(self, later: timedelta) -> None:
        """State a recovery point that is later than the records are."""
        self.manifest = self.manifest.model_copy(
            update={"recovery_point": self.manifest.recovery_point + later}
        )

    def overwrite_manifest(self, manifest: Manifest) -> None:
        """Write another manifest and leave the catalogue as it is."""
        self.manifest = manifest
        self.path(layout.MANIFEST).write_bytes(manifest.as_bytes())

    def seal(self) -> None:
        """Rewrite manifest and catalogue so that every digest and object count agrees with the files."""
        manifest, sha256 = write_manifest(
            self.directory,
            set_id=self.manifest.set_id,
            stack=self.manifest.stack,
            run_id=self.manifest.run_id,
            recovery_point=self.manifest.recovery_point,
            synthetic=self.manifest.synthetic,
            release=self.manifest.release,
            tool_versions=self.manifest.tool_versions,
        )
        self.manifest = manifest
        self.known = self.known.model_copy(
            update={
                "manifest_sha256": sha256,
                "recovery_point": manifest.recovery_point,
                "assets": {name: self._recounted(asset) for name, asset in self.known.assets.items()},
            }
        )
        catalogues.save(self.known, self.catalogue)
        if self.catalogue_key is None:
            key = self.catalogue.with_name("author.pem")
            self.catalogue_key = make_signing_key(key, valid_for=timedelta(days=1))
        sign_catalogue(self.catalogue, signing_key(f"file:{self.catalogue_key.with_suffix('.pem')}"))

    def _recounted(self, asset: AssetKnown) -> AssetKnown:
        """Return the catalogue's part of an asset, its buckets counted anew in the copy."""
        buckets = {
            name: vars_of(summarise(self.objects(name)))
            for name in BucketsKnown.model_validate(asset.holds).buckets
        }
        return asset.model_copy(update={"holds": asset.holds | ({"buckets": buckets} if buckets else {})})


def vars_of(summary: object) -> dict[str, object]:
    """Return the fields of a bucket's summary, as the catalogue takes them."""
    return {name: getattr(summary, name) for name in ("objects", "bytes", "fingerprint")}

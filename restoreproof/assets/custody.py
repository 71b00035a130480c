"""Custody records of the signer's keys. The keys themselves never are in a set."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field

from restoreproof.assets.base import Asset, BackupContext, InstallContext, RestoreContext, RestoreFailed
from restoreproof.backups import missing
from restoreproof.backups.backup_set import BackupSet
from restoreproof.contract.declarations import ServiceName, VariableName
from restoreproof.events import Overridden
from restoreproof.runtimes.base import Start

DIRECTORY = "custody"
HOME = "signer"
"""The signer's home: below its data directory, and below what provisioning leaves for a fresh one."""

MAX_RECORD = 1024 * 1024


class CustodyAsset(Asset):
    """A drill's signer: fresh keys of its own, trusting clients by the CA in the custody records.

    ``command`` makes the signer's home (``--home DIR --client-ca FILE`` are appended). ``overrides`` maps a
    variable of the signer's clients to the file of that home which replaces its value, base64-encoded.
    ``home`` names the variable that tells the signer where its home is.
    """

    service: ServiceName
    command: tuple[str, ...]
    home: str
    client_ca: str
    overrides: dict[VariableName, str] = Field(default_factory=dict)

    after: ClassVar[tuple[str, ...]] = ("postgres",)
    rests_on: ClassVar[tuple[str, ...]] = (
        "public keys only",
        "every signing key",
    )

    def back_up(self, backup_context: BackupContext) -> None:
        source = backup_context.provisioned / DIRECTORY
        target = backup_context.directory / DIRECTORY
        target.mkdir(parents=True)
        for path in sorted(source.iterdir()):
            shutil.copyfile(path, target / path.name)

    def own_home(self, restore_context: RestoreContext) -> Path:
        """Return the drill signer's home; made at the first call."""
        stack_context = restore_context.stack_context
        home = stack_context.workdir / "signer-home"
        if not home.exists():
            home.mkdir(mode=0o700)
            records = restore_context.backup.directory / DIRECTORY
            arguments = [*self.command, "--home", str(home), "--client-ca", str(records / self.client_ca)]
            done = stack_context.run_module(self.service, arguments, read=[records], write=[home])
            if done.returncode != 0:
                raise RestoreFailed(
                    f"no signer can be made from the custody records: {done.stderr.strip()[-400:]}"
                )
        return home

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.CUSTODY)
        home = self.own_home(restore_context)
        for name, file in self.overrides.items():
            restore_context.stack_context.emitter.emit(
                Overridden(service="*", name=name, why=f"the drill's signer has a CA of its own ({file})")
            )
            assert (home / file).is_file()

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        if service == self.service:
            restore_context.backup.require(missing.CUSTODY)
        if restore_context.backup.lacks(missing.CUSTODY):
            return Start()
        home = self.own_home(restore_context)
        replaced = {
            name: base64.b64encode((home / file).read_bytes()).decode()
            for name, file in self.overrides.items()
        }
        if service != self.service:
            return Start(environment=replaced)
        start = self._at_home(home)
        return Start(environment={**replaced, **start.environment}, files=start.files)

    def provision(self, service: str, install_context: InstallContext) -> Start:
        return self._at_home(install_context.provisioned / HOME) if service == self.service else Start()

    def _at_home(self, home: Path) -> Start:
        files = {f"{HOME}/{path.name}": path.read_bytes() for path in home.iterdir()}
        return Start(environment={self.home: HOME}, files=files)


def records(directory: Path) -> list[Mapping[str, Any]]:
    """Return the custody records of a set or provisioning directory. Raises ValueError if one is no JSON."""
    collected: list[Mapping[str, Any]] = []
    for path in sorted((directory / DIRECTORY).glob("*.json")):
        if path.stat().st_size > MAX_RECORD:
            raise ValueError(f"{path.name} is larger than {MAX_RECORD} bytes")
        value = json.loads(path.read_text())
        collected += value if isinstance(value, list) else [value]
    return collected


def keys_in_custody(backup: BackupSet) -> dict[str, Ed25519PublicKey]:
    """Return ``public_keys`` of the set. Raises PartMissing if it was adopted without custody records."""
    backup.require(missing.CUSTODY)
    return public_keys(backup.directory)


def public_keys(directory: Path) -> dict[str, Ed25519PublicKey]:
    """Map key id to public key, for every signing key in custody."""
    return {
        str(record["key_id"]): Ed25519PublicKey.from_public_bytes(base64.b64decode(record["public_key"]))
        for record in records(directory)
        if "public_key" in record
    }

"""What a drill puts in the place of secrets that an adopted set never had."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from restoreproof.assets.vault import Vault, open_vault
from restoreproof.backups import missing
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.missing import PartMissing
from restoreproof.contract import Contract
from restoreproof.redaction.redactor import Secret

_KEY_OPTIONS = ("access_key", "secret_key")


class StandInVault(Vault):
    """The vault of a set without an environment: what the contract pins, and keys of the drill's own.

    Everything else raises PartMissing, so that what needs it is not verified.
    """

    def __init__(self, reason: str, pinned: Mapping[str, str], stores: Iterable[str]) -> None:
        self._made = {name: secrets.token_urlsafe(24) for name in stores}
        self._reason = reason
        super().__init__({**pinned, **self._made}, b"")

    def names(self) -> frozenset[str]:
        raise PartMissing(missing.SECRETS, self._reason)

    def environment(self) -> dict[str, str | Secret]:
        raise PartMissing(missing.SECRETS, self._reason)

    def secret(self, name: str) -> Secret:
        if name not in super().names():
            raise PartMissing(missing.SECRETS, f"{name} is not known; {self._reason}")
        return super().secret(name)

    def stand_ins(self) -> tuple[Secret, ...]:
        return tuple(Secret(f"stand-in {name}", value) for name, value in self._made.items())


def vault_of(backup: BackupSet, contract: Contract, identity: Path) -> Vault:
    """Return the set's environment, decrypted; or a stand-in for the one it was adopted without.

    A stack whose contract has no secrets to restore has an empty one.

    Raises:
        IdentityError: see ``open_vault``.
    """
    if all(block.kind != "secrets" for block in contract.assets.values()):
        return Vault({}, b"")
    reason = backup.lacks(missing.SECRETS)
    if reason is None:
        return open_vault(backup.directory, identity)
    blocks = [block.model_dump() for block in contract.assets.values()]
    pinned = {name: value for block in blocks for name, value in block.get("pinned", {}).items()}
    return StandInVault(reason, pinned, _store_keys(blocks))


def _store_keys(blocks: Iterable[Mapping[str, object]]) -> set[str]:
    """The variables that hold keys of an object store: the drill provisions those identities itself."""
    variables: set[str] = set()
    for block in blocks:
        buckets = block.get("buckets")
        if isinstance(buckets, dict):
            holders = (block, *buckets.values())
            variables |= {str(holder[key]) for holder in holders for key in _KEY_OPTIONS if holder.get(key)}
    return variables

"""What a drill puts in the place of parts that an adopted set never had, and says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from psycopg import sql

from restoreproof.assets.base import StackContext
from restoreproof.assets.dataset import connect
from restoreproof.assets.vault import Vault, open_vault
from restoreproof.backups import missing
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.missing import PartMissing
from restoreproof.contract import Contract
from restoreproof.events import Overridden
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
    """The set's environment, decrypted; or a stand-in for the one it was adopted without.

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
    found: set[str] = set()
    for block in blocks:
        buckets = block.get("buckets")
        if isinstance(buckets, dict):
            found |= {
                str(one[key]) for one in (block, *buckets.values()) for key in _KEY_OPTIONS if one.get(key)
            }
    return found


def stand_in_roles(stack_context: StackContext, service: str, wanted: Iterable[str]) -> int:
    """Create the contract's roles, which the set lacks, so that its dump finds its owners; returns how many.

    A role gets the password that the environment has for it; where it has none, nobody can log in as it.
    """
    passwords, created = _passwords(stack_context), 0
    with connect(stack_context.runtime, service, "postgres", readonly=False) as connection:
        for role in sorted(wanted):
            if connection.execute("select from pg_roles where rolname = %s", [role]).fetchone():
                continue
            password = passwords.get(role)
            option = (
                sql.SQL(" PASSWORD {}").format(sql.Literal(password.reveal())) if password else sql.SQL("")
            )
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)) + option)
            created += 1
    stack_context.emitter.emit(
        Overridden(
            service=service,
            name="roles",
            why=f"the adopted set lacks roles: {', '.join(sorted(wanted))} "
            "were created without what they held",
        )
    )
    return created


def _passwords(stack_context: StackContext) -> dict[str, Secret]:
    """Role to password, by the addresses of databases in the environment."""
    blocks = (block.model_dump() for block in stack_context.contract.assets.values())
    names = [str(name) for block in blocks for name in block.get("databases", ())]
    found: dict[str, Secret] = {}
    for name in names:
        try:
            url = urlsplit(stack_context.vault.secret(name).reveal())
        except PartMissing:
            # Without an environment nothing logs in as these roles; the dump needs them as owners only.
            continue
        if url.username and url.password:
            found[unquote(url.username)] = Secret(f"password of {name}", unquote(url.password))
    return found

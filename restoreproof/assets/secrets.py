"""The environment file, encrypted with age to the recovery identity, and what it must hold."""

from __future__ import annotations

import secrets
from typing import ClassVar

import pyrage
from pydantic import BaseModel, ConfigDict, Field

from restoreproof.assets.base import Asset, Restoring, Taking
from restoreproof.assets.vault import Vault
from restoreproof.backups import lacking
from restoreproof.errors import IdentityError


class StoreKeys(BaseModel):
    """An S3 identity that is proven by listing a bucket it may list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_key: str
    secret_key: str
    bucket: str


class Mail(BaseModel):
    """SMTP credentials, proven by logging in at ``service``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    user: str
    password: str


class SecretsAsset(Asset):
    """``required`` names every variable; ``pinned`` gives the values that must not differ.

    ``pairs`` maps certificates to their keys; the other blocks say how each credential is proven.
    """

    session: str
    required: tuple[str, ...]
    pinned: dict[str, str]
    databases: tuple[str, ...] = ()
    storage: dict[str, StoreKeys] = Field(default_factory=dict)
    mail: Mail | None = None
    pairs: dict[str, str] = Field(default_factory=dict)

    after: ClassVar[tuple[str, ...]] = ("postgres", "objects", "keycloak")

    def restore(self, restoring: Restoring) -> None:
        restoring.backup.require(lacking.SECRETS)

    def take(self, taking: Taking) -> None:
        key = secrets.token_bytes(32)
        directory = taking.directory / "secrets"
        directory.mkdir(parents=True, exist_ok=True)
        vault = taking.ground.vault
        values = {name: vault.secret(name).reveal() for name in vault.names()}
        text = "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
        try:
            recipient = pyrage.x25519.Recipient.from_str(taking.recipient)
        except pyrage.RecipientError as error:
            raise IdentityError(f"not an age recipient: {taking.recipient!r}") from error
        (directory / "environment.age").write_bytes(pyrage.encrypt(text.encode(), [recipient]))
        (directory / "commitment.age").write_bytes(pyrage.encrypt(key, [recipient]))
        sealed = Vault(values, key)
        taking.learnt["commitments"] = {name: sealed.commitment(name) for name in sorted(values)}

"""The environment file, encrypted with age to the recovery identity, and what it must hold."""

from __future__ import annotations

import secrets
from typing import Annotated, ClassVar

import pyrage
from pydantic import BaseModel, ConfigDict, Field

from restoreproof.assets.base import Asset, BackupContext, RestoreContext
from restoreproof.assets.vault import Vault
from restoreproof.backups import missing
from restoreproof.contract.declarations import BucketName, Defines, ServiceName, VariableName
from restoreproof.errors import IdentityError


class StoreKeys(BaseModel):
    """An S3 identity that is proven by listing a bucket it may list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_key: VariableName
    secret_key: VariableName
    bucket: BucketName


class Mail(BaseModel):
    """SMTP credentials, proven by logging in at ``service``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: ServiceName
    user: VariableName
    password: VariableName


class SecretsKnown(BaseModel):
    """Keyed digests of the secrets (NAME → hex); none where a catalogue was reissued without their key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commitments: dict[str, str] = Field(default_factory=dict)


class SecretsAsset(Asset):
    """``required`` names every variable; ``pinned`` gives the values that must not differ.

    ``pairs`` maps certificates to their keys; the other blocks say how each credential is proven.
    """

    required: tuple[Annotated[str, Defines("variable", spoken=False)], ...]
    session: VariableName | None = None
    pinned: dict[VariableName, str] = Field(default_factory=dict)
    databases: tuple[VariableName, ...] = ()
    storage: dict[str, StoreKeys] = Field(default_factory=dict)
    mail: Mail | None = None
    pairs: dict[VariableName, VariableName] = Field(default_factory=dict)

    after: ClassVar[tuple[str, ...]] = ("postgres", "objects", "keycloak")
    rests_on: ClassVar[tuple[str, ...]] = ("variables", "values")
    expectation: ClassVar[type[BaseModel] | None] = SecretsKnown

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.SECRETS)

    def back_up(self, backup_context: BackupContext) -> None:
        key = secrets.token_bytes(32)
        directory = backup_context.directory / "secrets"
        directory.mkdir(parents=True, exist_ok=True)
        vault = backup_context.stack_context.vault
        values = {name: vault.secret(name).reveal() for name in vault.names()}
        text = "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
        try:
            recipient = pyrage.x25519.Recipient.from_str(backup_context.recipient)
        except pyrage.RecipientError as error:
            raise IdentityError(f"not an age recipient: {backup_context.recipient!r}") from error
        (directory / "environment.age").write_bytes(pyrage.encrypt(text.encode(), [recipient]))
        (directory / "commitment.age").write_bytes(pyrage.encrypt(key, [recipient]))
        sealed = Vault(values, key)
        commitments = {name: sealed.commitment(name) for name in sorted(values)}
        backup_context.expect(self.name, SecretsKnown(commitments=commitments))

"""The restored environment: complete, equal to what was backed up, and each credential proven by use."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import unquote, urlsplit

import obstore
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.database import DatabaseError
from restoreproof.assets.dataset import log_in
from restoreproof.assets.keycloak import KeycloakAsset
from restoreproof.assets.s3 import keys, store
from restoreproof.assets.secrets import Mail, SecretsAsset, SecretsKnown, StoreKeys
from restoreproof.assets.vault import Vault
from restoreproof.checks.base import Findings, compare, conclude, not_verified
from restoreproof.checks.identity import grant
from restoreproof.checks.objects import objects_asset
from restoreproof.checks.phrases import check, then, when
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.outcome import Observation


def role_of(restore_context: RestoreContext, variable: str) -> str:
    """Return the role that a restored database URL logs in as."""
    return unquote(urlsplit(restore_context.stack_context.vault.secret(variable).reveal()).username or "")


@check("environment", covers="variable", about="secrets")
@dataclass(frozen=True, slots=True)
class EnvironmentSurvey:
    """The decrypted environment beside what the contract requires and the catalogue committed to."""

    names: frozenset[str]
    required: frozenset[str]
    pinned: Mapping[str, str]
    pinned_restored: Mapping[str, str]
    commitments: Mapping[str, str]
    committed: Mapping[str, str] | None
    session: str | None

    @when("the restored environment is read")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> EnvironmentSurvey:
        """Compare the decrypted environment with the contract and the catalogue."""
        asset, vault = secrets_asset(restore_context), restore_context.stack_context.vault
        recorded = restore_context.expected(asset.name, SecretsKnown)
        filled = frozenset(name for name in vault.names() if vault.secret(name).reveal())
        return cls(
            names=filled,
            required=frozenset(asset.required),
            pinned=asset.pinned,
            pinned_restored={name: vault.public(name) for name in asset.pinned if name in vault.names()},
            commitments={name: vault.commitment(name) for name in vault.names()},
            committed=recorded.commitments or None if recorded else None,
            session=asset.session,
        )

    @then("it has every required variable and no other", states="variables")
    def complete(self) -> Observation:
        """Exactly the required variables, each with a value."""
        wanted = dict.fromkeys(self.required, "set")
        present = dict.fromkeys(self.names, "set")
        return compare(
            "the environment has every required variable and no other", wanted, present, unit="variables"
        )

    @then("it agrees with the values the contract pins")
    def pins(self) -> Observation:
        """The values that the contract pins are the restored ones."""
        expected = "the environment agrees with the values the contract pins"
        return compare(expected, self.pinned, self.pinned_restored, unit="pinned values")

    @then("every value is the one that was backed up", states="values")
    def unchanged(self) -> Observation:
        """Every value is the one that was backed up, by keyed commitment and never by showing it."""
        expected = "every value equals the one committed to in the catalogue"
        if self.committed is None:
            return not_verified(expected, "there is no catalogue with commitments")
        return self._held(expected, self.committed, self.commitments)

    @then("the session secret is the one that was backed up")
    def session_unchanged(self) -> Observation:
        """The frontend session secret is the one that was backed up."""
        expected = "the session secret equals the one committed to in the catalogue"
        if self.session is None:
            return not_verified(expected, "the contract names no session secret (assets.*.session)")
        if self.committed is None or self.session not in self.committed:
            return not_verified(expected, "there is no catalogue with a commitment to it")
        wanted = {self.session: self.committed[self.session]}
        return self._held(expected, wanted, {self.session: self.commitments.get(self.session, "")})

    @staticmethod
    def _held(expected: str, wanted: Mapping[str, str], restored: Mapping[str, str]) -> Observation:
        findings = Findings()
        for name in sorted(wanted.keys() | restored.keys()):
            if wanted.get(name) != restored.get(name):
                findings.add(
                    f"{name}: {'differs' if name in wanted and name in restored else 'is on one side only'}"
                )
        same = sum(restored.get(name) == value for name, value in wanted.items())
        observed = f"{same} of {len(wanted)} equal"
        return conclude(expected, observed, findings, examined=len(restored), total=len(wanted))


def secrets_asset(restore_context: RestoreContext) -> SecretsAsset:
    """Return the contract's environment. Raises RestoreproofError if it has none."""
    for asset in restore_context.stack_context.assets():
        if isinstance(asset, SecretsAsset):
            return asset
    raise RestoreproofError("the contract has no asset of kind secrets")


@check("credentials")
@dataclass(frozen=True, slots=True)
class CredentialSurvey:
    """Each restored credential, after an attempt to use it."""

    tried: int
    refused: Findings

    @when("every restored credential is used once")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> CredentialSurvey:
        """Use every restored credential once: databases, storage, identity clients, mail, certificates."""
        refused, tried = Findings(), 0
        for name, attempt in _attempts(restore_context):
            tried += 1
            try:
                attempt()
            except EnvironmentUnfitError:
                raise  # nobody was asked, so nobody refused
            except DatabaseError as error:
                refused.add(f"{name}: {error.name}")
            except (
                StoreError,
                smtplib.SMTPException,
                OSError,
                ValueError,
                RestoreproofError,
            ) as error:
                refused.add(f"{name}: {type(error).__name__}")
        return cls(tried, refused)

    @then("each is accepted by the service it is for")
    def accepted(self) -> Observation:
        """Every credential was accepted by the service it is for."""
        return conclude(
            "every restored credential is accepted by the service it is for",
            f"{self.tried - self.refused.total} of {self.tried} accepted",
            self.refused,
            examined=self.tried,
            total=self.tried or None,
        )


def _attempts(restore_context: RestoreContext) -> Iterator[tuple[str, Callable[[], None]]]:
    asset, vault = secrets_asset(restore_context), restore_context.stack_context.vault
    at = restore_context.recovery_point(asset.name)
    for variable in asset.databases:
        yield variable, partial(_log_in, restore_context, variable)
    for name, identity in asset.storage.items():
        yield f"storage keys of {name}", partial(_list_bucket, restore_context, identity)
    for other in restore_context.stack_context.assets():
        if isinstance(other, KeycloakAsset):
            for name, client in other.clients.items():
                yield f"client {name}", partial(grant, restore_context, other, client)
    if asset.mail:
        yield asset.mail.user, partial(_log_in_to_mail, restore_context, asset.mail)
    for certificate, key in asset.pairs.items():
        yield f"{certificate} and its key", partial(_belong_together, vault, certificate, key, at)


def _log_in(restore_context: RestoreContext, variable: str) -> None:
    with log_in(restore_context, variable) as database:
        database.value("select 1")


def _list_bucket(restore_context: RestoreContext, identity: StoreKeys) -> None:
    stack_context = restore_context.stack_context
    asset = objects_asset(restore_context, identity.bucket)
    credentials = keys(
        stack_context.vault.secret(identity.access_key), stack_context.vault.secret(identity.secret_key)
    )
    bucket = store(
        stack_context.runtime.endpoint(asset.service),
        credentials,
        asset.bucket_name(stack_context, identity.bucket),
    )
    next(iter(obstore.list(bucket, chunk_size=1)), None)


def _log_in_to_mail(restore_context: RestoreContext, mail: Mail) -> None:
    endpoint = restore_context.stack_context.runtime.endpoint(mail.service)
    vault = restore_context.stack_context.vault
    with smtplib.SMTP(endpoint.address, endpoint.port, timeout=10) as client:
        client.login(vault.secret(mail.user).reveal(), vault.secret(mail.password).reveal())


def _belong_together(vault: Vault, certificate: str, key: str, at: datetime) -> None:
    parsed = x509.load_pem_x509_certificate(vault.pem(certificate))
    private = load_pem_private_key(vault.pem(key), password=None)
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if parsed.public_key().public_bytes(*spki) != private.public_key().public_bytes(*spki):
        raise ValueError(f"{certificate} is not for {key}")
    if parsed.not_valid_after_utc < at:
        raise ValueError(f"{certificate} had expired at the recovery point")

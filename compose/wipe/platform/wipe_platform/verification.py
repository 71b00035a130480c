"""Public verification: is this certificate what the platform issued, byte for byte?"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785
from obstore.store import S3Store
from sqlalchemy import Connection, Engine, Row, insert, select, text

from wipe_platform import storage, tables
from wipe_platform.canonical import canonical_json, sha256_hex
from wipe_platform.database import bind_tenant
from wipe_platform.signing import SignerClient, signature_holds
from wipe_platform.vocabulary import Outcome


@dataclass(frozen=True)
class Verdict:
    """The answer; ``certificate`` is what was examined, ``reason`` is empty when it is valid."""

    number: str
    reason: str
    digest: str | None = None
    certificate: dict[str, Any] | None = None

    @property
    def valid(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class Verifier:
    """Recomputes the digest and checks it against the record and the signer's published key."""

    engine: Engine
    certificates: S3Store
    signer: SignerClient

    def by_number(self, number: str) -> Verdict | None:
        """Verify what is stored under a number; None when there is no such certificate."""
        with self.engine.begin() as connection:
            row = self._record(connection, number)
            if row is None:
                self._log(connection, None, number, valid=False)
                return None
            verdict = self._stored_verdict(connection, row)
            self._log(connection, row.tenant_id, number, valid=verdict.valid)
        return verdict

    def presented(self, certificate: dict[str, Any], signature: str) -> Verdict:
        """Verify what someone holds in their hands, against what was issued."""
        number = str(certificate.get("number", ""))
        with self.engine.begin() as connection:
            row = self._record(connection, number)
            verdict = self._presented_verdict(connection, row, certificate, signature)
            self._log(connection, row.tenant_id if row else None, number[:100], valid=verdict.valid)
        return verdict

    def _record(self, connection: Connection, number: str) -> Row[Any] | None:
        lookup = text("select certificate_tenant(:number)")
        tenant_id: UUID | None = connection.execute(lookup, {"number": number}).scalar_one()
        bind_tenant(connection, tenant_id)
        if tenant_id is None:
            return None
        table = tables.certificates
        return connection.execute(select(table).where(table.c.number == number)).one()

    def _stored_verdict(self, connection: Connection, row: Row[Any]) -> Verdict:
        try:
            document = storage.get(self.certificates, row.json_key)
        except FileNotFoundError:
            return Verdict(row.number, "the certificate's document is missing")
        digest = sha256_hex(document)
        if digest != row.json_sha256:
            return Verdict(row.number, "the document is not the one that was issued", digest)
        return self._signature_verdict(connection, row, digest, row.signature, json.loads(document))

    def _presented_verdict(
        self, connection: Connection, row: Row[Any] | None, certificate: dict[str, Any], signature: str
    ) -> Verdict:
        number = str(certificate.get("number", ""))
        try:
            digest = sha256_hex(canonical_json(certificate))
        except rfc8785.CanonicalizationError as error:
            return Verdict(number, f"not canonical JSON: {error}")
        if row is None:
            return Verdict(number, "no such certificate was issued", digest)
        if digest != row.json_sha256:
            return Verdict(number, "the content differs from what was issued", digest)
        return self._signature_verdict(connection, row, digest, signature, certificate)

    def _signature_verdict(
        self,
        connection: Connection,
        row: Row[Any],
        digest: str,
        signature: str,
        certificate: dict[str, Any],
    ) -> Verdict:
        key = self._published_key(connection, row.signing_key_id)
        if key is None:
            return Verdict(row.number, f"signing key {row.signing_key_id} is not published", digest)
        if not signature_holds("certificate", digest, signature, key):
            return Verdict(row.number, "the signature does not match", digest)
        return Verdict(row.number, "", digest, certificate)

    def _published_key(self, connection: Connection, key_id: str) -> str | None:
        keys = tables.signing_keys
        published = connection.execute(select(keys.c.public_key).where(keys.c.key_id == key_id))
        found: str | None = published.scalar_one_or_none()
        if found is not None:
            return found
        return next((k.public_key for k in self.signer.published_keys() if k.key_id == key_id), None)

    def _log(self, connection: Connection, tenant_id: UUID | None, number: str, *, valid: bool) -> None:
        outcome = Outcome.VALID if valid else Outcome.INVALID
        row = {"tenant_id": tenant_id, "certificate_number": number, "outcome": outcome.value}
        # Inline: reading the id back would need a row that the application may see.
        connection.execute(insert(tables.verification_logs).inline().values(**row))

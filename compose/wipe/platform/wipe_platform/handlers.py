"""What each kind of job does. A handler may run again after it half succeeded."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import httpx
from obstore.store import S3Store
from sqlalchemy import Connection, Row, insert, select, text

from wipe_platform import storage, tables
from wipe_platform.billing import billing_csv, consumption
from wipe_platform.canonical import sha256_hex
from wipe_platform.certificate import Certificate, number_for, render_pdf
from wipe_platform.erasure_proof import InvalidProof, parse
from wipe_platform.ledger import append_audit
from wipe_platform.queue import Job, PermanentFailure, enqueue
from wipe_platform.settings import Settings
from wipe_platform.signing import SignerClient
from wipe_platform.storage import Buckets

ACTOR = "worker"


class MalformedProof(PermanentFailure):
    """The stored payload is not the proof that its row describes."""


@dataclass(frozen=True)
class Services:
    """What handlers may use besides the job's own transaction."""

    settings: Settings
    buckets: Buckets
    signer: SignerClient


def issue_certificate(job: Job, connection: Connection, services: Services) -> None:
    """Sign, render and store the certificate of a proof; a proof that has one keeps it."""
    proof_id = UUID(job.payload["proof_id"])
    proof = connection.execute(select(tables.proofs).where(tables.proofs.c.id == proof_id)).one_or_none()
    if proof is None:
        raise PermanentFailure(f"proof {proof_id} does not exist")
    certificates = tables.certificates
    if connection.execute(select(certificates.c.id).where(certificates.c.proof_id == proof_id)).first():
        return
    _require_intact(services.buckets.proofs, proof)
    now = datetime.now(UTC)
    sequence = connection.execute(text("select nextval('certificate_number_seq')")).scalar_one()
    certificate = Certificate(
        id=uuid4(),
        number=number_for(sequence, now),
        tenant_id=proof.tenant_id,
        proof_id=proof.id,
        proof_sha256=proof.sha256,
        device_serial=proof.device_serial,
        method=proof.method,
        erased_at=proof.erased_at,
        issued_at=now,
        signing_key_id=services.signer.published_keys()[0].key_id,
    )
    signed = services.signer.sign("certificate", [certificate.digest])
    if signed.key_id != certificate.signing_key_id:
        raise RuntimeError("the signer changed its key between two requests")
    pdf = render_pdf(certificate, signed.signatures[0])
    store = services.buckets.certificates
    storage.put(store, certificate.json_key, certificate.canonical(), storage.JSON)
    storage.put(store, certificate.pdf_key, pdf, storage.PDF)
    connection.execute(insert(certificates).values(certificate_row(certificate, signed.signatures[0], pdf)))
    append_audit(
        connection, certificate.tenant_id, ACTOR, "certificate.issued",
        number=certificate.number, proof_id=str(proof_id),
    )  # fmt: skip
    event = {"event": "certificate.issued", "number": certificate.number}
    enqueue(connection, certificate.tenant_id, "deliver-webhook", event)


def _require_intact(store: S3Store, proof: Row[Any]) -> None:
    # No certificate without its evidence: the payload is read back and decoded before anything is signed.
    payload = storage.get(store, proof.object_key)
    if sha256_hex(payload) != proof.sha256:
        raise MalformedProof("the stored payload is not what was submitted")
    try:
        parse(payload)
    except InvalidProof as error:
        raise MalformedProof("the stored payload does not decode") from error


def send_mail(job: Job, _: Connection, services: Services) -> None:
    """Hand a message to the mail server, authenticated."""
    message = EmailMessage()
    message["From"] = "WIPE <no-reply@wipe.example>"
    message["To"] = job.payload["to"]
    message["Subject"] = job.payload["subject"]
    message["Message-ID"] = f"<job-{job.id}@wipe.example>"
    message.set_content(job.payload["body"])
    settings = services.settings
    with smtplib.SMTP(settings.smtp_host, int(settings.smtp_port), timeout=10) as smtp:
        smtp.login(settings.smtp_user, settings.smtp_password)
        refused = smtp.send_message(message)
    if refused:
        raise PermanentFailure(f"recipients refused: {sorted(refused)}")


def deliver_webhook(job: Job, _: Connection, services: Services) -> None:
    """Post the event to the subscriber; the job's id lets it recognise a repetition."""
    headers = {"Idempotency-Key": f"job-{job.id}"}
    answer = httpx.post(
        services.settings.webhook_url, json=job.payload, headers=headers, timeout=10, trust_env=False
    )
    answer.raise_for_status()


def export_billing(job: Job, connection: Connection, services: Services) -> None:
    """Write a month's report for the tenant to read, and drop a copy at the billing provider."""
    month = job.payload["month"]
    report = billing_csv(consumption(connection, job.tenant_id, month))
    key = storage.export_key(job.tenant_id, month)
    storage.put(services.buckets.exports, key, report, storage.CSV)
    storage.put(services.buckets.billing_drop, key, report, storage.CSV)
    append_audit(connection, job.tenant_id, ACTOR, "billing.exported", month=month)


HANDLERS: dict[str, Callable[[Job, Connection, Services], None]] = {
    "issue-certificate": issue_certificate,
    "send-mail": send_mail,
    "deliver-webhook": deliver_webhook,
    "export-billing": export_billing,
}


def certificate_row(certificate: Certificate, signature: str, pdf: bytes) -> dict[str, object]:
    """The certificate as columns, with the digests of what was stored."""
    document = certificate.canonical()
    return {
        "id": certificate.id,
        "tenant_id": certificate.tenant_id,
        "number": certificate.number,
        "proof_id": certificate.proof_id,
        "signing_key_id": certificate.signing_key_id,
        "signature": signature,
        "pdf_key": certificate.pdf_key,
        "pdf_sha256": sha256_hex(pdf),
        "pdf_size": len(pdf),
        "json_key": certificate.json_key,
        "json_sha256": sha256_hex(document),
        "json_size": len(document),
        "issued_at": certificate.issued_at,
        "created_at": certificate.issued_at,
    }

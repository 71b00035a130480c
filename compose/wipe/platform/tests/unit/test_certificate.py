"""Certificates: canonical bytes, signatures bound to their purpose, a page that repeats itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wipe_platform.canonical import b64
from wipe_platform.certificate import Certificate, number_for, render_pdf
from wipe_platform.signing import signature_holds, signed_bytes

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 80, tzinfo=UTC)
CERTIFICATE = Certificate(
    id=UUID(int=1),
    number=number_for(42, MOMENT),
    tenant_id=UUID(int=2),
    proof_id=UUID(int=3),
    proof_sha256="ab" * 32,
    device_serial="WD-1",
    method="dod3",
    erased_at=MOMENT,
    issued_at=MOMENT,
    signing_key_id="wipe-0",
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = b64(KEY.public_key().public_bytes_raw())


def test_canonical_json_has_exactly_the_published_fields_in_order() -> None:
    document = json.loads(CERTIFICATE.canonical())
    assert list(document) == sorted(document)
    assert set(document) == {
        "certificate", "number", "tenant_id", "proof_id", "proof_sha256", "device_serial", "method",
        "erased_at", "issued_at", "signing_key_id",
    }  # fmt: skip
    assert document["number"] == "WIPE-2026-000042"
    assert document["issued_at"] == "2026-03-04T05:06:07.000080Z"


def test_a_signature_holds_for_its_purpose_digest_and_key_only() -> None:
    signature = b64(KEY.sign(signed_bytes("certificate", CERTIFICATE.digest)))
    assert signature_holds("certificate", CERTIFICATE.digest, signature, PUBLIC)
    assert not signature_holds("receipt", CERTIFICATE.digest, signature, PUBLIC)
    tampered = replace(CERTIFICATE, device_serial="WD-2")
    assert not signature_holds("certificate", tampered.digest, signature, PUBLIC)
    assert not signature_holds("certificate", CERTIFICATE.digest, "not base64!", PUBLIC)
    assert not signature_holds("certificate", CERTIFICATE.digest, signature, b64(b"\1" * 32))


def test_the_page_is_a_pdf_and_the_same_bytes_every_time() -> None:
    page = render_pdf(CERTIFICATE, "c2ln")
    assert page.startswith(b"%PDF-")
    assert page.rstrip().endswith(b"%%EOF")
    assert page == render_pdf(CERTIFICATE, "c2ln")
    assert page != render_pdf(replace(CERTIFICATE, device_serial="WD-2"), "c2ln")

"""The API over a real database: who gets in, what they see, and what public verification says."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, cast

import anyio
import httpx
import obstore
import pytest
from fastapi import FastAPI
from itsdangerous import TimestampSigner
from obstore.store import MemoryStore, S3Store
from sqlalchemy import select
from wipe_platform import tables
from wipe_platform.api.app import SESSION_COOKIE, create_app
from wipe_platform.api.platform import Platform
from wipe_platform.canonical import b64
from wipe_platform.erasure_proof import ErasureProof
from wipe_platform.handlers import Services, issue_certificate
from wipe_platform.identity import Principal, TokenVerifier
from wipe_platform.queue import Job
from wipe_platform.settings import Settings
from wipe_platform.storage import Buckets
from wipe_platform.submission import Intake

from conftest import KEY, Customer, Database, LocalSigner

SECRET = "the session secret of these tests"
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
CA = b64(b"-----BEGIN CERTIFICATE-----\n")


def make_settings() -> Settings:
    plain = {field.name.upper(): "http://127.0.0.1:9" for field in fields(Settings) if field.type is str}
    pems = {f"{field.name.upper()}_B64": CA for field in fields(Settings) if field.type is bytes}
    return Settings.load({**plain, **pems, "SESSION_SECRET": SECRET})


@dataclass(frozen=True)
class Site:
    """The API in this process, with buckets in memory."""

    app: FastAPI
    platform: Platform

    def request(self, method: str, path: str, cookie: str | None = None, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            cookies = {SESSION_COOKIE: cookie} if cookie else {}
            async with httpx.AsyncClient(
                transport=transport, base_url="https://wipe.example", cookies=cookies
            ) as client:
                return await client.request(method, path, **options)

        return anyio.run(send)

    def get(self, path: str, cookie: str | None = None) -> httpx.Response:
        return self.request("GET", path, cookie=cookie)


@pytest.fixture
def site(database: Database, signer: LocalSigner) -> Site:
    settings = make_settings()
    memory = [cast("S3Store", MemoryStore()) for _ in range(5)]
    platform = Platform(
        settings, database.engine("wipe_app"), Buckets(*memory), signer, TokenVerifier(settings)
    )
    return Site(create_app(platform), platform)


def session_of(customer: Customer, *roles: str, secret: str = SECRET) -> str:
    user = {"subject": "s", "name": "ada", "tenant_id": str(customer.id), "roles": roles}
    return TimestampSigner(secret).sign(b64(json.dumps({"user": user}).encode())).decode()


@pytest.fixture
def number(site: Site, database: Database, customer: Customer) -> str:
    """A certificate of the customer, issued as the worker does."""
    platform = site.platform
    proof = ErasureProof("WD-1", "dod3", NOW, customer.agent_id, b"n" * 16, b"r" * 100).sign(KEY)
    intake = Intake(platform.engine, platform.buckets.proofs, platform.signer)
    answer = intake.submit(Principal("s", "agent", customer.id, frozenset()), "key-00001", proof)
    job = Job(1, customer.id, "issue-certificate", {"proof_id": str(answer["proof_id"])}, 1)
    services = Services(platform.settings, platform.buckets, platform.signer)
    key = platform.signer.published_keys()[0]
    with database.owner() as connection:
        row = {"key_id": key.key_id, "public_key": key.public_key, "state": "active"}
        connection.execute(tables.signing_keys.insert().values(**row))
    with database.engine("wipe_worker").begin() as connection:
        issue_certificate(job, connection, services)
        issue_certificate(job, connection, services)
        return str(connection.execute(select(tables.certificates.c.number)).scalar_one())


@pytest.mark.parametrize("path", ["/api/me", "/api/proofs", "/api/certificates", "/api/billing/2026-01.csv"])
def test_nobody_gets_in_without_a_session_or_with_a_forged_one(
    site: Site, customer: Customer, path: str
) -> None:
    assert site.get(path).status_code == 401
    forged = session_of(customer, "tenant-admin", secret="another secret")
    assert site.get(path, forged).status_code == 401


def test_a_token_that_cannot_be_checked_lets_nobody_in(site: Site) -> None:
    """Keycloak is away here: that is not the caller's fault, and no reason to believe them."""
    answer = site.request("GET", "/api/proofs", headers={"Authorization": "Bearer no.such.token"})
    assert (answer.status_code, "service" in answer.json()["detail"]) == (503, True)


def test_a_session_opens_its_own_tenant_only(
    site: Site, customer: Customer, other_customer: Customer, number: str
) -> None:
    mine, theirs = session_of(customer), session_of(other_customer)
    assert site.get("/api/me", mine).json()["tenant"]["slug"] == "first"
    assert site.get("/api/proofs", mine).json()["total"] == 1
    assert site.get("/api/proofs", theirs).json() == {"items": [], "total": 0, "next": None}
    assert site.get(f"/api/certificates/{number}.pdf", mine).content.startswith(b"%PDF-")
    for kind in ("pdf", "json"):
        assert site.get(f"/api/certificates/{number}.{kind}", theirs).status_code == 404


def test_billing_needs_a_role(site: Site, customer: Customer) -> None:
    assert site.get("/api/billing/2026-01.csv", session_of(customer, "operator")).status_code == 403
    assert site.get("/api/billing/2026-01.csv", session_of(customer, "auditor")).status_code == 404
    assert site.get("/api/billing/2026-13.csv", session_of(customer, "auditor")).status_code == 422


def test_a_genuine_certificate_verifies_and_every_change_is_refused(
    site: Site, customer: Customer, number: str
) -> None:
    download = site.get(f"/api/certificates/{number}.json", session_of(customer))
    shown = {"certificate": download.json(), "signature": download.headers["X-Signature"]}
    assert site.request("POST", "/verify", json=shown).json()["valid"] is True
    assert site.get(f"/verify/{number}").json()["valid"] is True
    for name, value in download.json().items():
        tampered = {**shown, "certificate": {**download.json(), name: value + "0"}}
        answer = site.request("POST", "/verify", json=tampered)
        assert (answer.status_code, answer.json()["valid"]) == (422, False), name
    unsigned = {**shown, "signature": b64(b"0" * 64)}
    assert site.request("POST", "/verify", json=unsigned).json()["reason"] == "the signature does not match"


def test_a_document_changed_in_the_bucket_is_neither_delivered_nor_verified(
    site: Site, customer: Customer, number: str
) -> None:
    obstore.put(site.platform.buckets.certificates, f"{customer.id}/{number}.json", b"{}")
    assert site.get(f"/api/certificates/{number}.json", session_of(customer)).status_code == 502
    assert site.get(f"/verify/{number}").status_code == 422
    obstore.delete(site.platform.buckets.certificates, f"{customer.id}/{number}.json")
    assert site.get(f"/verify/{number}").json()["reason"] == "the certificate's document is missing"


def test_every_verification_is_logged_with_its_outcome(site: Site, database: Database, number: str) -> None:
    site.get(f"/verify/{number}")
    assert site.get("/verify/WIPE-1999-000001").status_code == 404
    with database.owner() as connection:
        logs = tables.verification_logs
        rows = connection.execute(select(logs.c.certificate_number, logs.c.outcome).order_by(logs.c.id)).all()
    assert rows == [(number, "valid"), ("WIPE-1999-000001", "invalid")]


def test_a_body_that_is_no_proof_is_refused_before_anything_is_stored(
    site: Site, database: Database, customer: Customer
) -> None:
    session = session_of(customer)
    no_key = site.request("POST", "/api/proofs", session, content=b"x")
    assert no_key.status_code == 422
    headers = {"Idempotency-Key": "key-00001"}
    assert site.request("POST", "/api/proofs", session, content=b"x", headers=headers).status_code == 422
    large = b"x" * 300_000
    assert site.request("POST", "/api/proofs", session, content=large, headers=headers).status_code == 413
    with database.owner() as connection:
        assert connection.execute(select(tables.idempotency_keys)).all() == []


def test_readiness_names_what_is_missing(site: Site) -> None:
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["components"]["database"] == "ok"
    assert set(answer.json()["not_ready"]) == {"keycloak", "signer"}

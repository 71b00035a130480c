"""The tables as the code uses them. The migrations are what creates them; this only names columns."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _uuid(name: str, *, key: bool = False) -> Column[object]:
    return Column(name, Uuid(as_uuid=True), primary_key=key)


def _text(*names: str) -> list[Column[object]]:
    return [Column(name, Text) for name in names]


def _time(*names: str) -> list[Column[object]]:
    return [Column(name, DateTime(timezone=True)) for name in names]


tenants = Table(
    "tenants", metadata,
    _uuid("id", key=True), *_text("slug", "name", "state"), *_time("created_at"),
)  # fmt: skip
organizations = Table(
    "organizations", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), *_text("name", "country"), *_time("created_at"),
)  # fmt: skip
users = Table(
    "users", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), _uuid("organization_id"), _uuid("keycloak_sub"),
    *_text("username", "email", "role"), *_time("created_at"),
)  # fmt: skip
agents = Table(
    "agents", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), *_text("name", "public_key"), *_time("created_at"),
)  # fmt: skip
proofs = Table(
    "proofs", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), _uuid("agent_id"),
    *_text("device_serial", "method", "object_key", "sha256", "idempotency_key"),
    Column("size_bytes", BigInteger), *_time("erased_at", "created_at"),
)  # fmt: skip
signing_keys = Table(
    "signing_keys", metadata,
    Column("key_id", Text, primary_key=True), *_text("public_key", "state"), *_time("created_at"),
)  # fmt: skip
certificates = Table(
    "certificates", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), _uuid("proof_id"),
    *_text("number", "signing_key_id", "signature", "pdf_key", "pdf_sha256", "json_key", "json_sha256"),
    Column("pdf_size", BigInteger), Column("json_size", BigInteger), *_time("issued_at", "created_at"),
)  # fmt: skip
jobs = Table(
    "jobs", metadata,
    Column("id", BigInteger, primary_key=True), _uuid("tenant_id"), *_text("kind", "state", "leased_by"),
    Column("payload", JSONB), Column("attempts", Integer),
    *_time("run_after", "lease_until", "created_at", "finished_at"),
)  # fmt: skip
dead_letters = Table(
    "dead_letters", metadata,
    Column("id", BigInteger, primary_key=True), Column("job_id", BigInteger), _uuid("tenant_id"),
    Column("payload", JSONB), *_text("kind", "error_class", "error"), *_time("created_at"),
)  # fmt: skip
worker_heartbeats = Table(
    "worker_heartbeats", metadata,
    Column("worker", Text, primary_key=True), *_text("state"), *_time("started_at", "at"),
)  # fmt: skip
consumption_receipts = Table(
    "consumption_receipts", metadata,
    Column("tenant_id", Uuid(as_uuid=True), primary_key=True), Column("seq", BigInteger, primary_key=True),
    _uuid("proof_id"), Column("units", Integer), *_time("created_at"),
    *_text("prev_hash", "hash", "signature", "signing_key_id"),
)  # fmt: skip
audit_log = Table(
    "audit_log", metadata,
    Column("seq", BigInteger, primary_key=True), _uuid("tenant_id"), *_text("actor", "action"),
    Column("payload", JSONB), *_time("created_at"), *_text("prev_hash", "hash"),
)  # fmt: skip
licenses = Table(
    "licenses", metadata,
    _uuid("id", key=True), _uuid("tenant_id"), *_text("plan", "state"), Column("seats", Integer),
    *_time("starts_at", "ends_at", "revoked_at", "created_at"),
)  # fmt: skip
idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("tenant_id", Uuid(as_uuid=True), primary_key=True), Column("key", Text, primary_key=True),
    *_text("request_sha256", "state"), Column("response", JSONB),
    *_time("created_at", "expires_at", "completed_at"),
)  # fmt: skip
verification_logs = Table(
    "verification_logs", metadata,
    Column("id", BigInteger, primary_key=True), _uuid("tenant_id"),
    *_text("certificate_number", "outcome"), *_time("created_at"),
)  # fmt: skip

"""Erasure proofs: the row here, the DER payload in the proofs bucket."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table proofs (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            agent_id uuid not null references agents,
            device_serial text not null,
            method text not null check (method in ('nist-clear', 'nist-purge', 'dod3')),
            erased_at timestamptz not null,
            object_key text not null unique,
            sha256 char(64) not null,
            size_bytes bigint not null check (size_bytes > 0),
            idempotency_key text,
            created_at timestamptz not null default now()
        );
        create index proofs_by_tenant_and_time on proofs (tenant_id, created_at desc);
    """)


def downgrade() -> None:
    op.execute("drop table proofs")

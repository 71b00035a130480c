"""Licenses, idempotency keys and the log of public verifications."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table licenses (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            plan text not null check (plan in ('starter', 'business', 'enterprise')),
            state text not null check (state in ('active', 'revoked', 'expired')),
            starts_at timestamptz not null,
            ends_at timestamptz not null,
            revoked_at timestamptz,
            created_at timestamptz not null default now(),
            check ((state = 'revoked') = (revoked_at is not null))
        );
        create table idempotency_keys (
            tenant_id uuid not null references tenants,
            key text not null,
            request_sha256 char(64) not null,
            state text not null check (state in ('in_progress', 'completed', 'expired')),
            response jsonb,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            completed_at timestamptz,
            primary key (tenant_id, key),
            check ((state = 'completed') = (completed_at is not null))
        );
        create table verification_logs (
            id bigserial primary key,
            tenant_id uuid references tenants,
            certificate_number text not null,
            outcome text not null,
            created_at timestamptz not null default now(),
            constraint verification_outcome check (outcome in ('ok', 'bad'))
        );
    """)


def downgrade() -> None:
    op.execute("drop table verification_logs, idempotency_keys, licenses")

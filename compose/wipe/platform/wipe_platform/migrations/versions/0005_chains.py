"""The two hash chains: consumption receipts per tenant, one audit log for all."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table consumption_receipts (
            tenant_id uuid not null references tenants,
            seq bigint not null check (seq > 0),
            proof_id uuid not null references proofs,
            units integer not null check (units > 0),
            created_at timestamptz not null,
            prev_hash char(64) not null,
            hash char(64) not null,
            signature text not null,
            signing_key_id text not null,
            primary key (tenant_id, seq)
        );
        create table audit_log (
            seq bigint primary key check (seq > 0),
            tenant_id uuid references tenants,
            actor text not null,
            action text not null,
            payload jsonb not null,
            created_at timestamptz not null,
            prev_hash char(64) not null,
            hash char(64) not null
        );
        create index audit_by_tenant on audit_log (tenant_id, seq);
    """)


def downgrade() -> None:
    op.execute("drop table audit_log, consumption_receipts")

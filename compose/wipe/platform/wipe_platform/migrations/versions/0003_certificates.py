"""Certificates and the public halves of the keys that signed them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table signing_keys (
            key_id text primary key,
            public_key text not null,
            state text not null check (state in ('active', 'retired')),
            created_at timestamptz not null default now()
        );
        create sequence certificate_number_seq;
        create table certificates (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            number text not null unique,
            proof_id uuid not null unique references proofs,
            signing_key_id text not null references signing_keys,
            signature text not null,
            pdf_key text not null unique,
            pdf_sha256 char(64) not null,
            pdf_size bigint not null check (pdf_size > 0),
            json_key text not null unique,
            json_sha256 char(64) not null,
            json_size bigint not null check (json_size > 0),
            issued_at timestamptz not null,
            created_at timestamptz not null default now()
        );
        create index certificates_by_tenant_and_time on certificates (tenant_id, issued_at desc);
    """)


def downgrade() -> None:
    op.execute("drop table certificates, signing_keys; drop sequence certificate_number_seq")

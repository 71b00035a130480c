"""Tenants, their organizations, people and erasing agents."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table tenants (
            id uuid primary key,
            slug text not null unique,
            name text not null,
            state text not null default 'active' check (state in ('active', 'suspended')),
            created_at timestamptz not null default now()
        );
        create table organizations (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            name text not null,
            country char(2) not null,
            created_at timestamptz not null default now()
        );
        create table users (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            organization_id uuid not null references organizations,
            keycloak_sub uuid not null unique,
            username text not null unique,
            email text not null,
            role text not null check (role in ('tenant-admin', 'auditor', 'operator')),
            created_at timestamptz not null default now()
        );
        create table agents (
            id uuid primary key,
            tenant_id uuid not null references tenants,
            name text not null,
            public_key text not null,
            created_at timestamptz not null default now(),
            unique (tenant_id, name)
        );
    """)


def downgrade() -> None:
    op.execute("drop table agents, users, organizations, tenants")

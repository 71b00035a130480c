"""The job queue, its dead letters, and what the workers say of themselves."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table jobs (
            id bigserial primary key,
            tenant_id uuid not null references tenants,
            kind text not null
                check (kind in ('issue-certificate', 'send-mail', 'deliver-webhook', 'export-billing')),
            payload jsonb not null,
            state text not null default 'queued' check (state in ('queued', 'leased', 'done', 'dead')),
            attempts integer not null default 0,
            run_after timestamptz not null default now(),
            lease_until timestamptz,
            leased_by text,
            created_at timestamptz not null default now(),
            finished_at timestamptz,
            check ((state = 'leased') = (lease_until is not null and leased_by is not null))
        );
        create index jobs_open on jobs (run_after) where state in ('queued', 'leased');
        create table dead_letters (
            id bigserial primary key,
            job_id bigint not null references jobs,
            tenant_id uuid not null references tenants,
            kind text not null,
            payload jsonb not null,
            error_class text not null,
            error text not null,
            created_at timestamptz not null default now()
        );
        create table worker_heartbeats (
            worker text primary key,
            state text not null check (state in ('held', 'running', 'stopped')),
            started_at timestamptz not null,
            at timestamptz not null
        );
    """)


def downgrade() -> None:
    op.execute("drop table worker_heartbeats, dead_letters, jobs")

"""Row-level security by tenant, grants per role, and two narrow ways around them.

The roles themselves belong to the cluster and exist before (``wipe_platform.provision``).
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CURRENT_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"

OWN_ROWS = f"tenant_id = {CURRENT_TENANT}"
OWN_OR_NOBODYS_ROWS = f"tenant_id is null or {OWN_ROWS}"

TENANT_TABLES = (
    "organizations", "users", "agents", "proofs", "certificates", "jobs", "dead_letters",
    "consumption_receipts", "licenses", "idempotency_keys",
)  # fmt: skip
# Events of the platform itself, and verifications of unknown numbers, belong to no tenant.
MIXED_TABLES = ("audit_log", "verification_logs")

#: table -> the rows that the application may see, and those that it may write
POLICIES = {
    "tenants": (f"id = {CURRENT_TENANT}", "false"),
    **dict.fromkeys(TENANT_TABLES, (OWN_ROWS, OWN_ROWS)),
    **dict.fromkeys(MIXED_TABLES, (OWN_ROWS, OWN_OR_NOBODYS_ROWS)),
}

GRANTS = """
    grant usage on schema public to wipe_app, wipe_worker, wipe_readonly;
    grant select on all tables in schema public to wipe_app, wipe_worker, wipe_readonly;
    grant insert on agents, proofs, jobs, audit_log, consumption_receipts, idempotency_keys,
        verification_logs to wipe_app;
    grant update on idempotency_keys to wipe_app;
    grant usage on sequence jobs_id_seq, verification_logs_id_seq to wipe_app;
    grant insert on certificates, signing_keys, jobs, dead_letters, audit_log, consumption_receipts,
        worker_heartbeats to wipe_worker;
    grant update on jobs, idempotency_keys, worker_heartbeats to wipe_worker;
    grant usage on sequence jobs_id_seq, dead_letters_id_seq, certificate_number_seq to wipe_worker;
"""

# The audit chain is global, so whoever appends must see its tip across tenants; the lock is held
# until the transaction ends, which is what keeps the sequence without gaps.
AUDIT_TIP = """
    create function audit_tip() returns table (seq bigint, hash char(64))
    language plpgsql volatile security definer set search_path = pg_catalog, public as $$
    begin
        perform pg_advisory_xact_lock(hashtext('audit_log'));
        return query select a.seq, a.hash from audit_log a order by a.seq desc limit 1;
    end $$;
    revoke all on function audit_tip() from public;
    grant execute on function audit_tip() to wipe_app, wipe_worker;
"""

# Public verification knows a certificate's number only; this tells whose rows to look at.
CERTIFICATE_TENANT = """
    create function certificate_tenant(wanted text) returns uuid
    language sql stable security definer set search_path = pg_catalog, public
    return (select tenant_id from certificates where number = wanted);
    revoke all on function certificate_tenant(text) from public;
    grant execute on function certificate_tenant(text) to wipe_app;
"""


def upgrade() -> None:
    for table, (visible, writable) in POLICIES.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy app_tenant on {table} to wipe_app using ({visible}) with check ({writable})"
        )
        op.execute(f"create policy worker_all on {table} to wipe_worker using (true) with check (true)")
        op.execute(f"create policy readonly_all on {table} for select to wipe_readonly using (true)")
    op.execute(GRANTS)
    op.execute(AUDIT_TIP)
    op.execute(CERTIFICATE_TENANT)


def downgrade() -> None:
    op.execute("drop function certificate_tenant(text); drop function audit_tip()")
    for role in ("wipe_app", "wipe_worker", "wipe_readonly"):
        op.execute(f"revoke all on all tables in schema public from {role}")
        op.execute(f"revoke all on all sequences in schema public from {role}")
        op.execute(f"revoke all on schema public from {role}")
    for table in POLICIES:
        for policy in ("app_tenant", "worker_all", "readonly_all"):
            op.execute(f"drop policy {policy} on {table}")
        op.execute(f"alter table {table} disable row level security")

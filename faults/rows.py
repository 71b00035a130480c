"""Rows, structure and chains of the restored database."""

from __future__ import annotations

from restoreproof.faults.base import Fault
from restoreproof.faults.damage import sql

TABLES, STRUCTURE = "backup/tables", "backup/structure"
RECEIPTS, AUDIT_CHAIN = "consistency/consumption-receipts", "consistency/audit-chain"
AUDIT_LOG = "consistency/audit-log"

_MIDDLE = (
    "(tenant_id, seq) = (select tenant_id, max(seq) / 2 from consumption_receipts "
    "group by tenant_id order by max(seq) desc limit 1)"
)
_LAST = (
    "(tenant_id, seq) = (select tenant_id, max(seq) from consumption_receipts "
    "group by tenant_id order by max(seq) desc limit 1)"
)
_OF_R = _MIDDLE.replace("(tenant_id, seq) =", "(r.tenant_id, r.seq) =")
_SOME_AUDIT = "seq = (select max(seq) / 2 from audit_log)"
_ONE_KEY = (
    "(tenant_id, key) = (select tenant_id, key from idempotency_keys where state = 'completed' "
    "order by created_at desc limit 1)"
)


FAULTS = (
    Fault(
        "lost-row",
        "one verification log is missing from the restored rows",
        (TABLES,),
        also=("restore/migrated-values",),
        after="database",
        on_stack=sql("delete from verification_logs where id = (select max(id) from verification_logs)"),
    ),
    Fault(
        "lost-index",
        "an index did not come back",
        (STRUCTURE,),
        after="database",
        on_stack=sql("drop index audit_by_tenant"),
    ),
    Fault(
        "lost-policy",
        "a row-level security policy did not come back",
        (STRUCTURE,),
        after="database",
        on_stack=sql("drop policy readonly_all on licenses"),
    ),
    Fault(
        "lost-role",
        "a role that reads the data is missing",
        ("backup/roles",),
        also=(STRUCTURE,),
        after="database",
        on_stack=sql(
            "alter role wipe_readonly rename to wipe_gone",
            mend=["alter role wipe_gone rename to wipe_readonly"],
        ),
    ),
    Fault(
        "lost-receipt",
        "a consumption receipt is missing from the middle of its chain",
        (RECEIPTS,),
        also=(TABLES,),
        after="database",
        on_stack=sql(f"delete from consumption_receipts where {_MIDDLE}"),
    ),
    Fault(
        "cut-receipts",
        "the newest consumption receipt is missing: what is left is a whole chain",
        (RECEIPTS,),
        also=(TABLES,),
        after="database",
        on_stack=sql(f"delete from consumption_receipts where {_LAST}"),
    ),
    Fault(
        "edited-receipt",
        "a consumption receipt states other units than were signed",
        (RECEIPTS,),
        also=(TABLES,),
        after="database",
        on_stack=sql(f"update consumption_receipts set units = units + 1 where {_MIDDLE}"),
    ),
    Fault(
        "foreign-receipt-signature",
        "a consumption receipt carries the signature of its successor",
        (RECEIPTS,),
        also=(TABLES,),
        after="database",
        on_stack=sql(
            "update consumption_receipts r set signature = n.signature from consumption_receipts n "
            f"where r.tenant_id = n.tenant_id and n.seq = r.seq + 1 and {_OF_R}"
        ),
    ),
    Fault(
        "edited-audit",
        "the payload of an audit row was edited before the restore was checked",
        (AUDIT_CHAIN,),
        also=(TABLES, AUDIT_LOG),
        after="database",
        on_stack=sql(f"update audit_log set payload = payload || '{{\"edited\": true}}' where {_SOME_AUDIT}"),
    ),
    Fault(
        "audit-gap",
        "an audit row did not come back",
        (AUDIT_CHAIN,),
        also=(TABLES, AUDIT_LOG),
        after="database",
        on_stack=sql(f"delete from audit_log where {_SOME_AUDIT}"),
    ),
    Fault(
        "lost-audit-row",
        "an audit row disappears between the restore and the maintenance worker's examination",
        (AUDIT_LOG,),
        after="migrations",
        on_stack=sql(f"delete from audit_log where {_SOME_AUDIT}"),
    ),
    Fault(
        "key-in-progress",
        "a recent idempotency key is still in progress",
        ("consistency/idempotency-keys",),
        also=(TABLES,),
        after="database",
        on_stack=sql(
            "update idempotency_keys set state = 'in_progress', completed_at = null, "
            f"expires_at = now() + interval '1 day' where {_ONE_KEY}"
        ),
    ),
    Fault(
        "empty-database",
        "the database came back without a table",
        (TABLES, STRUCTURE),
        stops="database",
        after="database",
        on_stack=sql("drop schema public cascade", "create schema public"),
    ),
)

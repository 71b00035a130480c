"""Chains forged so well that only the catalogue's heads tell: content, hash and signature all agree."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database
from restoreproof.faults.base import Fault, FaultMissed
from restoreproof.faults.setcopy import SetCopy

TABLES = "backup/tables"

_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a forger's key, for tests").digest())
_KEY_ID = "wipe-forged"


def _forged(
    restore_context: RestoreContext, name: str, changes: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The newest link of a chain, and the hash that it has once ``changes`` are made to it."""
    chain = restore_context.stack_context.contract.chains[name]
    with open_database(restore_context.stack_context, chain.database) as database:
        query = f"select * from ({chain.sql}) as links order by {chain.sequence} desc limit 1"
        row = next(database.rows(query), None)
    if row is None:
        raise FaultMissed(f"the {name} is empty")
    fields = {field: row[field] for field in chain.fields} | changes
    return row, hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


def _audit_tail(restore_context: RestoreContext) -> None:
    row, forged = _forged(restore_context, "audit log", {"actor": "nobody"})
    with open_database(restore_context.stack_context, "database", readonly=False) as database:
        change = "update audit_log set actor = 'nobody', hash = :hash where seq = :seq"
        database.execute(change, {"hash": forged, "seq": row["seq"]})


def _receipt_tail(restore_context: RestoreContext) -> None:
    row, forged = _forged(restore_context, "consumption receipts", {"units": 1_000})
    signature = base64.b64encode(_KEY.sign(f"wipe-receipt-v1:{forged}".encode())).decode()
    values = {"hash": forged, "signature": signature, "key": _KEY_ID}
    with open_database(restore_context.stack_context, "database", readonly=False) as database:
        database.execute(
            "update consumption_receipts set units = 1000, hash = :hash, signature = :signature, "
            "signing_key_id = :key where tenant_id = :tenant and seq = :seq",
            {**values, "tenant": row["tenant_id"], "seq": row["seq"]},
        )


def _vouch(copy: SetCopy) -> None:
    """Put the forger's public key among the custody records."""
    public = base64.b64encode(_KEY.public_key().public_bytes_raw()).decode()
    record = {"record": "signing-key", "key_id": _KEY_ID, "public_key": public, "algorithm": "Ed25519"}
    copy.path(f"custody/signing-key-{_KEY_ID}.json").write_text(json.dumps(record))


FAULTS = (
    Fault(
        "forged-audit-tail",
        "the newest audit row was rewritten together with its hash",
        ("consistency/audit-chain",),
        also=(TABLES,),
        after="database",
        on_stack=_audit_tail,
    ),
    Fault(
        "forged-receipt-tail",
        "the newest receipt was rewritten and signed by a key that was slipped into custody",
        ("consistency/consumption-receipts",),
        also=(TABLES,),
        on_set=_vouch,
        after="database",
        on_stack=_receipt_tail,
    ),
)

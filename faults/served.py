"""What users meet: readiness, lists, downloads, verification. Damaged once the platform serves again."""

from __future__ import annotations

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.endpoints import draw
from restoreproof.faults.base import Fault, FaultMissed, Mend
from restoreproof.faults.damage import DamagedBucket, altered, execute, sql


def _lose_bucket(restore_context: RestoreContext) -> Mend:
    bucket = DamagedBucket(restore_context, "binaries")
    for key in bucket.listed():
        bucket.delete(key)
    bucket.client.delete_bucket(Bucket=bucket.name)

    def mend() -> None:
        bucket.client.create_bucket(Bucket=bucket.name)

    return mend


def _sampled(restore_context: RestoreContext) -> str:
    rows = draw(restore_context, "sampled certificates").rows
    if not rows:
        raise FaultMissed("no certificate is sampled")
    return str(rows[0]["json_key"])


def _alter(suffix: str, content_type: str) -> Callable[[RestoreContext], None]:
    def damage(restore_context: RestoreContext) -> None:
        key = _sampled(restore_context).removesuffix(".json") + suffix
        bucket = DamagedBucket(restore_context, "certificates")
        bucket.write(key, altered(bucket.read(key)), content_type)

    return damage


def _lose_report(restore_context: RestoreContext) -> None:
    DamagedBucket(restore_context, "exports").delete(
        str(draw(restore_context, "billing reports").rows[0]["key"])
    )


def _other_key(restore_context: RestoreContext) -> None:
    public = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    execute(restore_context, "database", [f"update signing_keys set public_key = '{public}'"])


FAULTS = (
    Fault(
        "lost-bucket",
        "a bucket that the platform needs is gone",
        ("restore/readiness",),
        after="smoke",
        on_stack=_lose_bucket,
    ),
    Fault(
        "hidden-proofs",
        "the application's policy lets it see no proof",
        ("restore/proof-list",),
        after="smoke",
        on_stack=sql("alter policy app_tenant on proofs using (false)"),
    ),
    Fault(
        "wrong-pdf",
        "a sampled PDF has one byte changed",
        ("restore/certificate-pdf",),
        after="smoke",
        on_stack=_alter(".pdf", "application/pdf"),
    ),
    Fault(
        "wrong-json",
        "a sampled canonical document has one byte changed",
        ("restore/canonical-json",),
        also=("restore/verify",),
        after="smoke",
        on_stack=_alter(".json", "application/json"),
    ),
    Fault(
        "lost-report",
        "the newest billing report is gone",
        ("restore/billing-report",),
        after="smoke",
        on_stack=_lose_report,
    ),
    Fault(
        "other-signing-key",
        "the platform publishes another public key under the signer's name",
        ("restore/verify",),
        after="smoke",
        on_stack=_other_key,
    ),
)

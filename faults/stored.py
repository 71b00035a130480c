"""Objects: lost, altered or changed in their settings, in the set or after the restore."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from restoreproof.assets.base import RestoreContext
from restoreproof.backups import layout
from restoreproof.backups.objects import ObjectEntry
from restoreproof.faults.base import Fault, FaultMissed, Mend, OnStack
from restoreproof.faults.damage import DamagedBucket, altered
from restoreproof.faults.setcopy import SetCopy

PROOFS, ARTIFACTS = "consistency/proof-object-keys", "consistency/certificate-artifacts"
BUCKETS, REFERENCED = "restore/buckets", "restore/referenced-keys"
CATALOGUE, FORBIDDEN = "set/catalogue", "backup/forbidden-material"


def _certified_proofs(copy: SetCopy) -> list[ObjectEntry]:
    """Proofs that have their certificate already, so that no job is waiting for them; oldest month first."""
    documents = [copy.content(one) for one in copy.objects("certificates") if one.key.endswith(".json")]
    certified = {json.loads(document)["proof_id"] for document in documents}
    proofs = [one for one in copy.objects("proofs") if _last_part(one.key).removesuffix(".der") in certified]
    if not proofs:
        raise FaultMissed("no proof in the set has a certificate")
    return sorted(proofs, key=lambda one: one.key.split("/")[1:])


def _recent_proof(copy: SetCopy) -> ObjectEntry:
    return _certified_proofs(copy)[-1]


def _old_proof(copy: SetCopy) -> ObjectEntry:
    return _certified_proofs(copy)[0]


def _last_part(key: str) -> str:
    return key.rpartition("/")[2]


def _pdf(copy: SetCopy) -> ObjectEntry:
    """A PDF of the tenant with the fewest certificates: not the one whose user makes the smoke requests."""
    entries = [one for one in copy.objects("certificates") if one.key.endswith(".pdf")]
    tenants = Counter(one.key.partition("/")[0] for one in entries)
    fewest = min(tenants, key=lambda tenant: (tenants[tenant], tenant))
    return next(one for one in entries if one.key.startswith(fewest))


def _drop(bucket: str, chosen: Callable[[SetCopy], ObjectEntry]) -> Callable[[SetCopy], None]:
    def damage(copy: SetCopy) -> None:
        lost = chosen(copy)
        copy.reindex(bucket, [one for one in copy.objects(bucket) if one.key != lost.key])
        copy.path(layout.blob(lost.sha256)).unlink()

    return damage


def _alter(bucket: str, chosen: Callable[[SetCopy], ObjectEntry]) -> Callable[[SetCopy], None]:
    def damage(copy: SetCopy) -> None:
        entry = chosen(copy)
        copy.replace_content(bucket, entry.key, altered(copy.content(entry)))

    return damage


def _lose_blob(copy: SetCopy) -> None:
    copy.path(layout.blob(_recent_proof(copy).sha256)).unlink()


def _lose_binary(restore_context: RestoreContext) -> None:
    bucket = DamagedBucket(restore_context, "binaries")
    bucket.delete(bucket.listed()[0])


def _lose_type(restore_context: RestoreContext) -> None:
    bucket = DamagedBucket(restore_context, "exports")
    key = bucket.listed()[0]
    bucket.write(key, bucket.read(key), "application/x-lost")


def _suspend(restore_context: RestoreContext) -> None:
    bucket = DamagedBucket(restore_context, "certificates")
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"})


def _lock(restore_context: RestoreContext) -> None:
    bucket = DamagedBucket(restore_context, "proofs")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    bucket.client.put_object_lock_configuration(
        Bucket=bucket.name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )


def _open_drop(restore_context: RestoreContext) -> None:
    bucket = DamagedBucket(restore_context, "billing_drop")
    where = [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/*"]
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": where,
    }
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))


def _after_objects(name: str, title: str, damage: Callable[[RestoreContext], Mend | None]) -> Fault:
    on_stack: OnStack = damage
    return Fault(name, title, (BUCKETS,), after="objects", on_stack=on_stack)


FAULTS = (
    Fault(
        "lost-proof",
        "the backup job missed the object of a recent proof",
        (PROOFS,),
        also=(REFERENCED,),
        on_set=_drop("proofs", _recent_proof),
    ),
    Fault(
        "lost-old-proof",
        "the object of a proof older than the recent ones was gone before the backup was taken",
        (REFERENCED,),
        on_set=_drop("proofs", _old_proof),
    ),
    Fault(
        "altered-proof",
        "the object of a recent proof has one byte changed, length kept",
        (PROOFS,),
        on_set=_alter("proofs", _recent_proof),
    ),
    Fault(
        "deleted-blob",
        "the object of a recent proof was deleted from the set",
        (CATALOGUE, PROOFS),
        also=(BUCKETS, FORBIDDEN, REFERENCED),
        on_set=_lose_blob,
        sealed=False,
    ),
    Fault(
        "altered-pdf",
        "a certificate's PDF has one byte changed, length kept",
        (ARTIFACTS,),
        on_set=_alter("certificates", _pdf),
    ),
    Fault(
        "lost-pdf",
        "the backup job missed a certificate's PDF",
        (REFERENCED,),
        also=(ARTIFACTS,),
        on_set=_drop("certificates", _pdf),
    ),
    Fault(
        "open-drop",
        "whoever delivers to the billing drop can read there, too",
        ("restore/no-effect",),
        after="objects",
        on_stack=_open_drop,
    ),
    _after_objects("lost-binary", "an agent binary is gone from its bucket", _lose_binary),
    _after_objects("lost-content-type", "an object lost its content type", _lose_type),
    _after_objects("suspended-versioning", "versioning of a bucket is suspended", _suspend),
    _after_objects("locked-bucket", "Object Lock is on, with a default retention", _lock),
)

"""What is wrong after the migrations: the version, values that did not change, protection that is gone."""

from __future__ import annotations

from restoreproof.faults.base import Fault
from restoreproof.faults.damage import sql

ISOLATION = "restore/tenant-isolation"

FAULTS = (
    Fault(
        "stale-schema",
        "the schema says it is a version behind the release",
        ("restore/schema",),
        after="migrations",
        on_stack=sql(
            "update alembic_version set version_num = '0007'",
            mend=["update alembic_version set version_num = '0008'"],
        ),
    ),
    Fault(
        "unmigrated-outcome",
        "a verification outcome kept its old word",
        ("restore/migrated-values",),
        after="migrations",
        on_stack=sql(
            "alter table verification_logs drop constraint verification_outcome",
            "update verification_logs set outcome = 'ok' where id = (select min(id) from verification_logs)",
        ),
    ),
    Fault(
        "seatless-license",
        "a license got no seats",
        ("restore/migrated-seats",),
        after="migrations",
        on_stack=sql(
            "alter table licenses alter column seats drop not null",
            "update licenses set seats = null where ctid = (select ctid from licenses limit 1)",
        ),
    ),
    Fault(
        "protection-off",
        "row-level security is off for one table",
        (ISOLATION,),
        after="migrations",
        on_stack=sql("alter table licenses disable row level security"),
    ),
    Fault(
        "protection-bypassed",
        "the application's role bypasses row-level security",
        (ISOLATION,),
        after="migrations",
        on_stack=sql("alter role wipe_app bypassrls", mend=["alter role wipe_app nobypassrls"]),
    ),
    Fault(
        "foreign-certificate-signature",
        "a certificate carries the signature of another",
        ("consistency/certificate-signatures",),
        after="migrations",
        on_stack=sql(
            "update certificates set signature = other.signature "
            "from (select signature, number from certificates) as other "
            "where certificates.number = (select min(c.number) from certificates c join "
            "(select tenant_id from certificates group by 1 order by count(*) limit 1) t using (tenant_id)) "
            "and other.number = (select max(number) from certificates)",
            mend=(),
        ),
    ),
    Fault(
        "unknown-signing-key",
        "a certificate was signed by a key that is not in custody",
        ("backup/custody-records",),
        also=("consistency/certificate-signatures",),
        after="migrations",
        on_stack=sql(
            "alter table certificates drop constraint if exists certificates_signing_key_id_fkey",
            "update certificates set signing_key_id = 'wipe-unknown' where number = (select min(c.number) "
            "from certificates c join (select tenant_id from certificates group by 1 order by count(*) "
            "limit 1) t using (tenant_id))",
        ),
    ),
    Fault(
        "orphan-user",
        "a user of the application is unknown to the realm",
        ("restore/accounts",),
        after="migrations",
        on_stack=sql(
            "update users set keycloak_sub = gen_random_uuid() where id = (select u.id from users u join "
            "(select tenant_id from certificates group by 1 order by count(*) limit 1) t using (tenant_id) "
            "where u.keycloak_sub is not null limit 1)"
        ),
    ),
)

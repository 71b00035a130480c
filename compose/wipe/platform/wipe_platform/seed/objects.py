"""What was made up, as objects of every bucket. The billing drop stays empty: its provider collects."""

from datetime import timedelta

from wipe_platform import storage
from wipe_platform.agent_binary import agent_binary, binary_name
from wipe_platform.billing import billing_csv, consumption
from wipe_platform.database import engine_for
from wipe_platform.identities import TENANTS
from wipe_platform.release import VERSION
from wipe_platform.seed.load import Upload
from wipe_platform.seed.proofs import Issued, Proof
from wipe_platform.seed.scenario import Scenario

BINARY_VERSIONS = ("1.2.0", "1.3.0", VERSION)


def proof_uploads(buckets: storage.Buckets, proofs: list[Proof]) -> list[Upload]:
    """The payloads, with what the API would say of them."""
    return [
        Upload(
            buckets.proofs,
            proof.object_key,
            proof.der,
            storage.OCTETS,
            {"tenant": str(proof.agent.tenant.id), "proof-id": str(proof.id)},
        )
        for proof in proofs
    ]


def certificate_uploads(buckets: storage.Buckets, issued: list[Issued]) -> list[Upload]:
    """Each certificate's canonical JSON and PDF."""
    store = buckets.certificates
    certificates = [one.certificate for one in issued]
    documents = [Upload(store, c.json_key, c.canonical(), storage.JSON) for c in certificates]
    return documents + [Upload(store, one.certificate.pdf_key, one.pdf, storage.PDF) for one in issued]


def binary_uploads(buckets: storage.Buckets) -> list[Upload]:
    """The agents that customers may download."""
    return [
        Upload(buckets.binaries, binary_name(version), agent_binary(version), storage.OCTETS)
        for version in BINARY_VERSIONS
    ]


def billing_uploads(scenario: Scenario, buckets: storage.Buckets, owner_url: str) -> list[Upload]:
    """Reports of the three newest months for every tenant, from the committed receipts."""
    months, first = [], scenario.now.replace(day=1)
    for _ in range(3):
        months.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    with engine_for(owner_url).connect() as connection:
        return [
            Upload(
                buckets.exports,
                storage.export_key(tenant.id, month),
                billing_csv(consumption(connection, tenant.id, month)),
                storage.CSV,
            )
            for tenant in TENANTS
            for month in months
        ]

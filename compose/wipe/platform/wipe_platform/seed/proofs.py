"""Agents and the proofs they signed, certificates, and the receipts that metered them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wipe_platform.canonical import b64, sha256_hex
from wipe_platform.certificate import Certificate, number_for, render_pdf
from wipe_platform.chains import GENESIS, Receipt
from wipe_platform.erasure_proof import METHODS, ErasureProof
from wipe_platform.identities import TENANTS, Tenant
from wipe_platform.seed.scenario import Scenario
from wipe_platform.signing import SignerClient
from wipe_platform.storage import proof_key

AGENTS_PER_TENANT = 3
#: how the work spreads over the tenants
SHARES = (6, 3, 1)


@dataclass(frozen=True)
class Agent:
    """An enrolled agent, with the private key that only the seeder knows."""

    id: UUID
    tenant: Tenant
    name: str
    key: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        raw = self.key.public_key().public_bytes_raw()
        return b64(raw)


@dataclass(frozen=True)
class Proof:
    """A submitted proof and its payload."""

    id: UUID
    agent: Agent
    content: ErasureProof
    der: bytes
    created_at: datetime

    @property
    def object_key(self) -> str:
        return proof_key(self.agent.tenant.id, self.created_at.year, self.created_at.month, self.id)


@dataclass(frozen=True)
class Issued:
    """A certificate with its signature and its page."""

    certificate: Certificate
    signature: str
    pdf: bytes


def make_agents(scenario: Scenario) -> list[Agent]:
    """A few agents for every tenant."""
    return [
        Agent(
            id=scenario.uuid(),
            tenant=tenant,
            name=f"{tenant.slug}-bench-{number}",
            key=Ed25519PrivateKey.from_private_bytes(scenario.rng.randbytes(32)),
        )
        for tenant in TENANTS
        for number in range(1, AGENTS_PER_TENANT + 1)
    ]


def make_proofs(scenario: Scenario, agents: list[Agent]) -> list[Proof]:
    """Signed proofs in the order of their submission, of 1 to 20 kB."""
    rng = scenario.rng
    weights = [SHARES[TENANTS.index(agent.tenant)] for agent in agents]
    made = []
    for created_at in scenario.moments(scenario.size.proofs):
        agent = rng.choices(agents, weights)[0]
        content = ErasureProof(
            serial=f"{rng.choice(('WD', 'ST', 'SM', 'KX'))}-{rng.getrandbits(40):010X}",
            method=rng.choice(METHODS),
            erased_at=(created_at - timedelta(minutes=rng.randint(2, 240))).replace(microsecond=0),
            agent_id=agent.id,
            nonce=rng.randbytes(16),
            read_back=rng.randbytes(rng.randint(900, 19_000)),
        )
        made.append(Proof(scenario.uuid(), agent, content, content.sign(agent.key), created_at))
    return made


def make_certificates(scenario: Scenario, proofs: list[Proof], signer: SignerClient) -> list[Issued]:
    """Certificates for an even part of the proofs, signed by the running signer."""
    key_id = signer.published_keys()[0].key_id
    step = len(proofs) // scenario.size.certificates
    # The newest proof of every group, so that the very newest proof has one.
    chosen = proofs[step - 1 :: step][: scenario.size.certificates]
    certificates = []
    for sequence, proof in enumerate(chosen, start=1):
        issued_at = min(proof.created_at + timedelta(seconds=scenario.rng.uniform(1, 90)), scenario.now)
        certificates.append(
            Certificate(
                id=scenario.uuid(),
                number=number_for(sequence, issued_at),
                tenant_id=proof.agent.tenant.id,
                proof_id=proof.id,
                proof_sha256=sha256_hex(proof.der),
                device_serial=proof.content.serial,
                method=proof.content.method,
                erased_at=proof.content.erased_at,
                issued_at=issued_at,
                signing_key_id=key_id,
            )
        )
    signatures = signer.sign("certificate", [certificate.digest for certificate in certificates]).signatures
    return [
        Issued(certificate, signature, render_pdf(certificate, signature))
        for certificate, signature in zip(certificates, signatures, strict=True)
    ]


def make_receipts(scenario: Scenario, proofs: list[Proof], issued: list[Issued]) -> list[Receipt]:
    """One chain per tenant: a unit per proof, two per certificate, and re-examinations up to the size."""
    events = [(proof.created_at, proof.agent.tenant.id, proof.id, 1) for proof in proofs]
    events += [(i.certificate.issued_at, i.certificate.tenant_id, i.certificate.proof_id, 2) for i in issued]
    for _ in range(scenario.size.receipts - len(events)):
        proof = scenario.rng.choice(proofs)
        moment = scenario.between(proof.created_at, scenario.now)
        events.append((moment, proof.agent.tenant.id, proof.id, scenario.rng.randint(1, 3)))
    tips: dict[UUID, tuple[int, str]] = {}
    receipts = []
    for created_at, tenant_id, proof_id, units in sorted(events):
        seq, prev_hash = tips.get(tenant_id, (0, GENESIS))
        receipt = Receipt(tenant_id, seq + 1, proof_id, units, created_at, prev_hash)
        tips[tenant_id] = receipt.seq, receipt.hash
        receipts.append(receipt)
    return receipts

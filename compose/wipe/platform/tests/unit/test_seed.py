"""The seeder's world, without any service: whole, typical of a crash, and the same for a seed."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wipe_platform.canonical import b64, sha256_hex
from wipe_platform.chains import examine
from wipe_platform.erasure_proof import parse
from wipe_platform.seed.activity import idempotency_rows, license_rows, make_audit, verification_rows
from wipe_platform.seed.backlog import Backlog
from wipe_platform.seed.proofs import (
    Issued,
    Proof,
    make_agents,
    make_certificates,
    make_proofs,
    make_receipts,
)
from wipe_platform.seed.scenario import SIZES, SPAN, Scenario
from wipe_platform.signing import PublishedKey, Purpose, Signed, SignerClient, signature_holds, signed_bytes

NOW = datetime(2026, 7, 31, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = b64(KEY.public_key().public_bytes_raw())


class LocalSigner(SignerClient):
    """Signs in this process."""

    def __init__(self) -> None:
        """There is no connection to make."""

    def published_keys(self) -> list[PublishedKey]:
        return [PublishedKey(key_id="wipe-test", public_key=PUBLIC, created="2026-01-01T00:00:00.000000Z")]

    def sign(self, purpose: Purpose, digests: list[str]) -> Signed:
        signatures = [b64(KEY.sign(signed_bytes(purpose, digest))) for digest in digests]
        return Signed(key_id="wipe-test", signatures=signatures)


World = tuple[Scenario, list[Proof], list[Issued]]


def make_world(seed: int, size: str = "small") -> World:
    scenario = Scenario(SIZES[size], random.Random(seed), NOW)
    proofs = make_proofs(scenario, make_agents(scenario))
    return scenario, proofs, make_certificates(scenario, proofs, LocalSigner())


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(7)


def test_a_seed_decides_everything_but_the_moment(world: World) -> None:
    _, proofs, issued = world
    _, again, issued_again = make_world(7)
    _, other, _ = make_world(8)
    assert [proof.der for proof in again] == [proof.der for proof in proofs]
    assert [one.pdf for one in issued_again] == [one.pdf for one in issued]
    assert {proof.id for proof in other}.isdisjoint(proof.id for proof in proofs)


def test_sizes_are_what_the_drill_is_promised() -> None:
    size = SIZES["default"]
    assert (size.proofs, size.certificates, size.receipts, size.audit_rows) == (2000, 500, 5000, 10_000)


def test_history_is_recent_ordered_and_touches_three_months(world: World) -> None:
    _, proofs, issued = world
    moments = [proof.created_at for proof in proofs]
    assert moments == sorted(moments)
    assert timedelta(0) < NOW - moments[-1] < timedelta(seconds=10)
    assert SPAN - (NOW - moments[0]) < timedelta(days=3)
    assert max(one.certificate.issued_at for one in issued) <= NOW
    assert (NOW - SPAN).month == 5  # the last of July reaches back into May


def test_payloads_are_signed_by_their_agents_and_vary_in_size(world: World) -> None:
    _, proofs, _ = world
    for proof in proofs[:20]:
        parsed = parse(proof.der)
        raw = proof.agent.key.public_key().public_bytes_raw()
        assert parsed.proof == proof.content
        assert parsed.signed_by(raw)
    sizes = [len(proof.der) for proof in proofs]
    assert min(sizes) < 3000
    assert 17_000 < max(sizes) < 20_000


def test_certificates_hold_and_name_their_proof(world: World) -> None:
    _, proofs, issued = world
    digests = {proof.id: sha256_hex(proof.der) for proof in proofs}
    for one in issued:
        certificate = one.certificate
        assert certificate.proof_sha256 == digests[certificate.proof_id]
        assert signature_holds("certificate", certificate.digest, one.signature, PUBLIC)


def test_both_chains_are_whole_and_of_full_length(world: World) -> None:
    scenario, proofs, issued = world
    receipts = make_receipts(scenario, proofs, issued)
    assert len(receipts) == scenario.size.receipts
    for tenant in {receipt.tenant_id for receipt in receipts}:
        own = [(receipt, receipt.hash) for receipt in receipts if receipt.tenant_id == tenant]
        assert examine("receipts", own).breaks == []
    audit = make_audit(scenario, proofs, issued)
    report = examine("audit", [(event, event.hash) for event in audit])
    assert (report.examined, report.breaks) == (scenario.size.audit_rows, [])
    assert any(event.tenant_id is None for event in audit)


def test_the_queue_is_as_a_crash_leaves_it(world: World) -> None:
    backlog = Backlog(*world)
    states = Counter(job["state"] for job in backlog.jobs)
    assert states["queued"] + states["leased"] >= 20
    assert states["leased"] >= 3
    assert all(job["lease_until"] < NOW for job in backlog.jobs if job["lease_until"])  # type: ignore[operator]
    assert states["dead"] == len(backlog.dead_letters) >= 6
    assert len({letter["kind"] for letter in backlog.dead_letters}) >= 3


def test_no_unexpired_key_is_in_progress_and_every_state_occurs(world: World) -> None:
    scenario, proofs, _ = world
    rows = idempotency_rows(scenario, proofs)
    assert {row["state"] for row in rows} == {"in_progress", "completed", "expired"}
    young = [row for row in rows if row["expires_at"] > NOW]  # type: ignore[operator]
    assert young
    assert {row["state"] for row in young} == {"completed"}


def test_licenses_and_verifications_have_their_dark_sides(world: World) -> None:
    scenario, _, issued = world
    states = Counter(row["state"] for row in license_rows(scenario))
    assert states == {"active": 3, "revoked": 1, "expired": 1}
    outcomes = Counter(row["outcome"] for row in verification_rows(scenario, issued))
    assert outcomes == {"valid": 36, "invalid": 4}

"""DER proofs: round trip, signature, strictness."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wipe_platform.erasure_proof import ErasureProof, InvalidProof, parse

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PROOF = ErasureProof(
    serial="WD-Ünïque-1",
    method="nist-purge",
    erased_at=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    agent_id=UUID(int=5),
    nonce=b"n" * 16,
    read_back=b"\0" * 900,
)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_what_was_signed_is_what_is_parsed() -> None:
    signed = parse(PROOF.sign(KEY))
    assert signed.proof == PROOF
    assert signed.signed_by(public(KEY))


def test_it_is_one_asn1_sequence_and_the_same_bytes_every_time() -> None:
    der = PROOF.sign(KEY)
    assert core.Sequence.load(der, strict=True).dump() == der == PROOF.sign(KEY)


def test_another_key_and_another_content_do_not_verify() -> None:
    der = PROOF.sign(KEY)
    other = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    assert not parse(der).signed_by(public(other))
    assert not parse(der.replace(b"WD-", b"ST-", 1)).signed_by(public(KEY))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda der: der[:-1], id="cut"),
        pytest.param(lambda der: der + b"\0", id="trailing byte"),
        pytest.param(lambda der: b"\x04" + der[1:], id="another type"),
        pytest.param(lambda der: b"", id="empty"),
        pytest.param(lambda der: der.replace(b"nist-purge", b"nist-flush"), id="unknown method"),
        pytest.param(lambda der: der.replace(b"\x02\x01\x01", b"\x02\x01\x02", 1), id="unknown version"),
        pytest.param(lambda der: b'{"not": "der"}', id="json"),
    ],
)
def test_anything_else_is_refused(damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidProof):
        parse(damage(PROOF.sign(KEY)))

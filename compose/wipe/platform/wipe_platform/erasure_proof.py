"""Erasure proofs: DER that an agent signs after it erased a device.

ErasureProof ::= SEQUENCE {
    content            Content,
    signatureAlgorithm OBJECT IDENTIFIER,     -- id-Ed25519
    signature          OCTET STRING }         -- over the DER of content
Content ::= SEQUENCE {
    version INTEGER, serial UTF8String, method UTF8String, erasedAt GeneralizedTime,
    agentId UTF8String, nonce OCTET STRING, readBack OCTET STRING }
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from asn1crypto import core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION: Final = 1
ED25519: Final = "1.3.101.112"
METHODS: Final = ("nist-clear", "nist-purge", "dod3")


class InvalidProof(ValueError):
    """Not DER of the expected shape, or a field is out of range; the message says which."""


class _Content(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012  (asn1crypto's way to declare fields)
        ("version", core.Integer),
        ("serial", core.UTF8String),
        ("method", core.UTF8String),
        ("erased_at", core.GeneralizedTime),
        ("agent_id", core.UTF8String),
        ("nonce", core.OctetString),
        ("read_back", core.OctetString),
    ]


class _Proof(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("content", _Content),
        ("signature_algorithm", core.ObjectIdentifier),
        ("signature", core.OctetString),
    ]


@dataclass(frozen=True)
class ErasureProof:
    """What an agent attests; ``read_back`` samples what the device held afterwards."""

    serial: str
    method: str
    erased_at: datetime
    agent_id: UUID
    nonce: bytes
    read_back: bytes

    def sign(self, key: Ed25519PrivateKey) -> bytes:
        """The proof as signed DER."""
        content = self._content()
        proof = _Proof(
            {"content": content, "signature_algorithm": ED25519, "signature": key.sign(content.dump())}
        )
        return bytes(proof.dump())

    def _content(self) -> _Content:
        return _Content(
            {
                "version": VERSION,
                "serial": self.serial,
                "method": self.method,
                "erased_at": self.erased_at.astimezone(UTC).replace(microsecond=0),
                "agent_id": str(self.agent_id),
                "nonce": self.nonce,
                "read_back": self.read_back,
            }
        )


@dataclass(frozen=True)
class SignedProof:
    """A parsed proof whose signature is still to be checked."""

    proof: ErasureProof
    signed: bytes
    signature: bytes

    def signed_by(self, public_key: bytes) -> bool:
        """Whether this agent key (raw Ed25519) signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.signed)
        except InvalidSignature:
            return False
        return True


def parse(der: bytes) -> SignedProof:
    """Strictly decode a submitted payload; raises InvalidProof."""
    try:
        outer = _Proof.load(der, strict=True)
        content = outer["content"]
        fields = content.native
        algorithm, signature = outer["signature_algorithm"].native, outer["signature"].native
        agent_id = UUID(fields["agent_id"])
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidProof(f"not an erasure proof: {error}") from error
    if fields["version"] != VERSION:
        raise InvalidProof(f"version {fields['version']} is not supported")
    if algorithm not in ("ed25519", ED25519):
        raise InvalidProof(f"signature algorithm {algorithm} is not supported")
    if fields["method"] not in METHODS:
        raise InvalidProof(f"unknown erasure method {fields['method']!r}")
    proof = ErasureProof(
        serial=fields["serial"],
        method=fields["method"],
        erased_at=fields["erased_at"],
        agent_id=agent_id,
        nonce=fields["nonce"],
        read_back=fields["read_back"],
    )
    return SignedProof(proof, content.dump(), signature)

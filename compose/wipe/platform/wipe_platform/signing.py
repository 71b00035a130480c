"""The signer as its clients see it, and how anyone checks what it signed."""

import base64
import ssl
import tempfile
from dataclasses import dataclass
from typing import Final, Literal, Self

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, Field

from wipe_platform.settings import Settings

Purpose = Literal["receipt", "certificate"]

#: A signature for one purpose can never be passed off as one for another.
PREFIXES: Final[dict[Purpose, str]] = {
    "receipt": "wipe-receipt-v1:",
    "certificate": "wipe-certificate-v1:",
}


def signed_bytes(purpose: Purpose, digest: str) -> bytes:
    """Exactly what is signed for a hex digest."""
    return (PREFIXES[purpose] + digest).encode("ascii")


def signature_holds(purpose: Purpose, digest: str, signature: str, public_key: str) -> bool:
    """Whether the signature (base64) over the digest is of this key (base64, raw Ed25519)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), signed_bytes(purpose, digest))
    except (InvalidSignature, ValueError):
        return False
    return True


class SignRequest(BaseModel):
    """Digests to sign for one purpose, in order."""

    purpose: Purpose
    digests: list[str] = Field(min_length=1, max_length=10_000)


class Signed(BaseModel):
    """Signatures in the order of the digests, all by one key."""

    key_id: str
    signatures: list[str]


class PublishedKey(BaseModel):
    """A verification key."""

    key_id: str
    public_key: str
    created: str


@dataclass(frozen=True)
class SignerClient:
    """Talks to the signer over mutual TLS; raises httpx.HTTPError when it does not answer."""

    http: httpx.Client

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        context = ssl.create_default_context(cadata=settings.signer_ca.decode())
        _load_client_certificate(context, settings)
        return cls(httpx.Client(base_url=settings.signer_url, verify=context, timeout=10, trust_env=False))

    def healthy(self) -> None:
        """Returns when the signer answers and accepts this client."""
        self.http.get("/healthz", timeout=3).raise_for_status()

    def published_keys(self) -> list[PublishedKey]:
        answer = self.http.get("/keys").raise_for_status()
        return [PublishedKey.model_validate(key) for key in answer.json()["keys"]]

    def sign(self, purpose: Purpose, digests: list[str]) -> Signed:
        body = SignRequest(purpose=purpose, digests=digests).model_dump()
        return Signed.model_validate(self.http.post("/sign-batch", json=body).raise_for_status().json())


def _load_client_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    # The ssl module reads keys from files only; this one is private, in the own data directory,
    # and gone before the function returns.
    with tempfile.NamedTemporaryFile(dir=".") as file:
        file.write(settings.signer_client_cert + b"\n" + settings.signer_client_key)
        file.flush()
        context.load_cert_chain(file.name)

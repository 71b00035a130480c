"""The signer's own directory: keys that never enter the platform's environment or backups.

Files: ``signing-key.pem`` (Ed25519), ``key.json`` (its id and creation time), ``server.crt``,
``server.key``, ``ca.crt`` (what callers trust), ``client-ca.crt`` (whom the signer trusts).
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wipe_platform.canonical import b64, sha256_hex, timestamp
from wipe_platform.provision.pki import Authority

POLICY = (
    "Held by the signer alone (production: HSM partition wipe-signing, non-exportable, two-person rule). "
    "Not part of any application backup; recovered under the signer's own policy."
)


@dataclass(frozen=True)
class PublicKey:
    """What the world may know of a signing key."""

    key_id: str
    public_key: str
    created: str
    thumbprint: str


def create_signer_home(home: Path, client_ca: bytes) -> PublicKey:
    """Make a signer with a new key, CA and server certificate that trusts clients of ``client_ca``."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes_raw()
    thumbprint = sha256_hex(raw)
    public = PublicKey(f"wipe-{thumbprint[:16]}", b64(raw), timestamp(datetime.now(UTC)), thumbprint)
    authority = Authority("WIPE signer CA")
    server = authority.server("signer", "localhost")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(home / "signing-key.pem", pem)
    write_private(home / "server.key", server.key)
    (home / "server.crt").write_bytes(server.certificate)
    (home / "ca.crt").write_bytes(authority.certificate)
    (home / "client-ca.crt").write_bytes(client_ca)
    (home / "key.json").write_text(json.dumps(asdict(public), indent=2) + "\n")
    return public


def write_custody(directory: Path, key: PublicKey, client_ca: bytes) -> None:
    """The records kept about the signer's keys; they hold no private key."""
    directory.mkdir(parents=True, exist_ok=True)
    records = {
        f"signing-key-{key.key_id}": {
            "record": "signing-key",
            **asdict(key),
            "algorithm": "Ed25519",
            "state": "active",
            "custodian": "Key custodian, WIPE operations",
            "policy": POLICY,
        },
        "signer-client-ca": {
            "record": "client-ca",
            "certificate_pem": client_ca.decode(),
            "thumbprint": sha256_hex(client_ca),
            "custodian": "Key custodian, WIPE operations",
            "policy": "The CA's key was destroyed after issuing; a new client certificate means a new CA.",
        },
    }
    for name, record in records.items():
        (directory / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    # The same certificate again as a file that every tool reads.
    (directory / "client-ca.pem").write_bytes(client_ca)


def read_client_ca(path: Path) -> bytes:
    """A client CA certificate, from a PEM file or from its custody record."""
    content = path.read_bytes()
    if content.lstrip().startswith(b"{"):
        return str(json.loads(content)["certificate_pem"]).encode()
    return content


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody but its owner ever could read; replaces an earlier one."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)

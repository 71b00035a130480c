"""Signing keys by URI, and public keys as their readers pin them.

``file:PATH`` is a private key in PEM. Every other scheme is securesystemslib's (``awskms:``, ``azurekms:``,
``gcpkms:``, ``hv:``, ``hsm:``): it needs what that scheme needs, and the public key as a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Signature, Signer, SSlibKey

from restoreproof.errors import UsageError
from restoreproof.private_files import make_private_directory
from restoreproof.verifier.answers import Key, Refused
from restoreproof.verifier.options import read_key_file

PASSPHRASE = "RESTOREPROOF_KEY_PASSPHRASE"
_FILES = ("file", CryptoSigner.SCHEME)
SELF_ISSUED = "# self-issued: made by restoreproof; nobody but its owner vouches for it\n"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Private key that can be used and not looked at. ``keyid`` is the SHA-256 of its public DER form."""

    keyid: str
    self_issued: bool
    sign: Callable[[bytes], bytes] = field(repr=False)


def signing_key(uri: str, public: Path | None = None) -> SigningKey:
    """Return the key that ``uri`` names; ``public`` is its public half, where the scheme can't tell it.

    Raises:
        UsageError: there is no such key, or it can't be opened.
    """
    if path := path_of(uri):
        return _from_file(path)
    scheme, colon, _ = uri.partition(":")
    if not colon or scheme not in SIGNER_FOR_URI_SCHEME:
        raise UsageError(f"{uri!r} names no key", hint=f"file:PATH, or one of {', '.join(_services())}")
    if public is None:
        raise UsageError(
            f"the public half of {uri} is needed too",
            hint="--public-key FILE, as the key's service exports it",
        )
    public_key = _public(public)
    try:
        signer = Signer.from_priv_key_uri(uri, public_key)
    except Exception as error:  # each scheme raises its own, and they name no common base
        raise UsageError(
            f"the key {uri} can't be used: {error}",
            hint=f"see what securesystemslib needs for {scheme}: and that its service lets you in",
        ) from error
    return SigningKey(public_key.keyid, self_issued=False, sign=_signing(signer))


def _services() -> list[str]:
    return sorted(f"{scheme}:" for scheme in SIGNER_FOR_URI_SCHEME if scheme not in _FILES)


def path_of(uri: str) -> Path | None:
    """Return the file that a key's URI names; None if the URI names no file."""
    scheme, _, rest = uri.partition(":")
    return Path(rest) if scheme in _FILES else None


def _from_file(path: Path) -> SigningKey:
    passphrase = os.environ.get(PASSPHRASE)
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
        public = private.public_key()
        keyid = _keyid(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        signer = CryptoSigner(private, SSlibKey.from_crypto(public, keyid))
    except OSError as error:
        raise UsageError(
            f"no signing key at {path}: {error.strerror}",
            hint="`restoreproof keygen --signing PATH` makes one",
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is not a private key in PEM that can be opened ({error})",
            hint=f"a passphrase is read from {PASSPHRASE}",
        ) from error
    beside = path.with_suffix(".pub")
    self_issued = beside.is_file() and SELF_ISSUED in beside.read_text(errors="replace")
    return SigningKey(keyid, self_issued, _signing(signer))


def _signing(signer: Signer) -> Callable[[bytes], bytes]:
    return lambda message: bytes.fromhex(signer.sign(message).signature)


def make_signing_key(path: Path, *, valid_for: timedelta) -> Path:
    """Write a new Ed25519 key to ``path`` (mode 0600) and its public half beside it, which is returned.

    Raises:
        UsageError: one of the two files is there already.
    """
    public_path = path.with_suffix(".pub")
    for taken in (path, public_path):
        if taken.exists():
            raise UsageError(
                f"{taken} is there already", hint="a key is never overwritten: name another file"
            )
    private = Ed25519PrivateKey.generate()
    make_private_directory(path.parent, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    now = datetime.now(UTC).replace(microsecond=0)
    period = "".join(
        f"# {name}: {moment.isoformat().replace('+00:00', 'Z')}\n"
        for name, moment in (("not-before", now), ("not-after", now + valid_for))
    )
    public_path.write_text(f"# restoreproof signing key SHA256:{_keyid(der)}\n{SELF_ISSUED}{period}{pem}")
    public_path.chmod(public_path.stat().st_mode & 0o755)  # whatever the umask, nobody else exchanges it
    return public_path


def pinned_key(path: Path) -> Key:
    """Return the public key in ``path`` as a reader pins it. Raises UsageError if it holds none."""
    public_key = _public(path)
    _, _, not_before, not_after = read_key_file(path)

    def accepts(message: bytes, signature: bytes) -> bool:
        try:
            public_key.verify_signature(Signature(public_key.keyid, signature.hex()), message)
        except (UnverifiedSignatureError, VerificationError):
            return False
        return True

    return Key(public_key.keyid, accepts, not_before, not_after)


def _public(path: Path) -> SSlibKey:
    try:
        pem, keyid, _, _ = read_key_file(path)
        return SSlibKey.from_crypto(load_pem_public_key(pem), keyid)
    except (Refused, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is not a public key that can be used: {error}",
            hint="name the file made with the key: drill.pub",
        ) from error


def _keyid(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()

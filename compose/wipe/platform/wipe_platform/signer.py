"""``python -m wipe_platform.signer``: the signing service. Env: SIGNER_HOME, SIGNER_BIND (signer:9443).

Mutual TLS is enforced by the transport: without a certificate of the client CA there is no request
to answer. It signs digests for known purposes only, and its key never leaves this process.
"""

import json
import logging
import os
import re
import ssl
import sys
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, HTTPException

from wipe_platform.canonical import b64
from wipe_platform.logs import configure_logs, log_event
from wipe_platform.release import VERSION
from wipe_platform.settings import refusing, required
from wipe_platform.signing import PublishedKey, Signed, SignRequest, signed_bytes

DIGEST = re.compile(r"[0-9a-f]{64}")


def load_key(home: Path) -> tuple[Ed25519PrivateKey, PublishedKey]:
    """The signing key and its public description; refuses a home where the two disagree."""
    key = serialization.load_pem_private_key((home / "signing-key.pem").read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the signing key is not Ed25519")
    published = PublishedKey.model_validate(json.loads((home / "key.json").read_text()))
    raw = key.public_key().public_bytes_raw()
    if b64(raw) != published.public_key:
        raise ValueError("key.json does not describe signing-key.pem")
    return key, published


def create_signer(home: Path) -> FastAPI:
    """The signer's four endpoints over the keys in ``home``."""
    key, published = load_key(home)
    app = FastAPI(title="WIPE signer", version=VERSION, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok", "key_id": published.key_id}

    @app.get("/keys")
    def keys() -> dict[str, list[PublishedKey]]:
        return {"keys": [published]}

    @app.post("/sign")
    @app.post("/sign-batch")
    def sign(request: SignRequest) -> Signed:
        if not all(DIGEST.fullmatch(digest) for digest in request.digests):
            raise HTTPException(422, "a digest is 64 lower-case hex digits")
        signatures = [b64(key.sign(signed_bytes(request.purpose, digest))) for digest in request.digests]
        return Signed(key_id=published.key_id, signatures=signatures)

    return app


def main() -> None:
    configure_logs()
    home = Path(required("SIGNER_HOME"))
    host, _, port = os.environ.get("SIGNER_BIND", "signer:9443").rpartition(":")
    app = create_signer(home)
    log_event("signer-started", key=load_key(home)[1].key_id)
    uvicorn.run(
        app,
        host=host,
        port=int(port),
        ssl_certfile=home / "server.crt",
        ssl_keyfile=home / "server.key",
        ssl_ca_certs=str(home / "client-ca.crt"),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        log_level=logging.WARNING,
        log_config=None,
    )


if __name__ == "__main__":
    sys.exit(refusing("signer", main))

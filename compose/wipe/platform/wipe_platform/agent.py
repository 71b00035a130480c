"""``python -m wipe_platform.agent [--count N]``: enrol a new agent and submit proofs through the front door.

Uses AGENT_CLIENT_ID and AGENT_CLIENT_SECRET at KEYCLOAK_URL, and the API at PUBLIC_URL (trusting
PUBLIC_CA_B64). Sends each proof twice, as a client that lost the first answer would, and prints one
JSON line per proof. Exit 1 when anything is refused or the second answer differs.
"""

import argparse
import json
import os
import ssl
import sys
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wipe_platform.canonical import b64
from wipe_platform.erasure_proof import ErasureProof
from wipe_platform.settings import SettingsError, pem, required


class AgentError(Exception):
    """The platform refused, or contradicted itself."""


def access_token() -> str:
    """A token of the agents' client (client credentials)."""
    realm = f"{required('KEYCLOAK_URL')}/realms/{required('KEYCLOAK_REALM')}"
    answer = httpx.post(
        f"{realm}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials"},
        auth=(required("AGENT_CLIENT_ID"), required("AGENT_CLIENT_SECRET")),
        timeout=10,
        trust_env=False,
    )
    return str(answer.raise_for_status().json()["access_token"])


def enrol(api: httpx.Client, key: Ed25519PrivateKey) -> UUID:
    """Make the key known; the agent's id."""
    raw = key.public_key().public_bytes_raw()
    body = {"name": f"agent-{uuid4().hex[:12]}", "public_key": b64(raw)}
    return UUID(api.post("/api/agents", json=body).raise_for_status().json()["agent_id"])


def submit(api: httpx.Client, agent_id: UUID, key: Ed25519PrivateKey) -> dict[str, object]:
    """Submit one proof, twice; the answer to both."""
    proof = ErasureProof(
        serial=f"CANARY-{uuid4().hex[:10].upper()}",
        method="nist-purge",
        erased_at=datetime.now(UTC),
        agent_id=agent_id,
        nonce=os.urandom(16),
        read_back=os.urandom(2048),
    )
    der = proof.sign(key)
    headers = {"Idempotency-Key": f"agent-{uuid4()}", "Content-Type": "application/octet-stream"}
    first, again = (
        api.post("/api/proofs", content=der, headers=headers).raise_for_status().json() for _ in range(2)
    )
    if first != again:
        raise AgentError("the same submission was answered differently the second time")
    return {**first, "device_serial": proof.serial}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.agent", description=__doc__)
    parser.add_argument("--count", type=int, default=1)
    count = parser.parse_args(argv).count
    try:
        trust = ssl.create_default_context(cadata=pem("PUBLIC_CA_B64").decode())
        headers = {"Authorization": f"Bearer {access_token()}"}
        key = Ed25519PrivateKey.generate()
        with httpx.Client(
            base_url=required("PUBLIC_URL"), verify=trust, headers=headers, timeout=20, trust_env=False
        ) as api:
            agent_id = enrol(api, key)
            for _ in range(count):
                print(json.dumps(submit(api, agent_id, key)), flush=True)
    except (SettingsError, AgentError, httpx.HTTPError) as error:
        print(f"agent: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Generate a whole installation's configuration: the environment file and what must agree with it."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from wipe_platform.canonical import b64
from wipe_platform.identities import CANARY, PEOPLE
from wipe_platform.provision.database_roles import ROLES, roles_sql
from wipe_platform.provision.pki import Authority
from wipe_platform.provision.signer_home import create_signer_home, write_custody, write_private

PUBLIC_NAME = "wipe.example"
PUBLIC_URL = f"https://{PUBLIC_NAME}:8443"

#: environment variable -> bucket
BUCKETS = {
    "S3_BUCKET_PROOFS": "wipe-proofs",
    "S3_BUCKET_CERTIFICATES": "wipe-certificates",
    "S3_BUCKET_BINARIES": "wipe-binaries",
    "S3_BUCKET_EXPORTS": "wipe-exports",
    "S3_BUCKET_BILLING_DROP": "wipe-billing-drop",
}
VERSIONED = ("S3_BUCKET_PROOFS", "S3_BUCKET_CERTIFICATES")


@dataclass(frozen=True)
class Outputs:
    """Where each generated part goes."""

    environment: Path
    realm: Path
    signer_home: Path
    custody: Path
    roles_sql: Path
    s3_identities: Path


def provision_environment(template: Path, out: Outputs) -> None:
    """Write every output; each secret is drawn anew and appears where it is needed and nowhere else."""
    client_authority = Authority("WIPE signer client CA")
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    logins = {person.username: secrets.token_urlsafe(18) for person in PEOPLE}
    keys = {name: (secrets.token_hex(10), secrets.token_urlsafe(30)) for name in S3_ACTIONS}

    signing_key = create_signer_home(out.signer_home, client_authority.certificate)
    write_custody(out.custody, signing_key, client_authority.certificate)
    environment = _environment(passwords, keys, client_authority, out.signer_home)
    environment |= {"CANARY_USER": CANARY.username, "CANARY_PASSWORD": logins[CANARY.username]}

    values = {name: environment[name] for name in REALM_VARIABLES}
    values |= {f"PASSWORD:{username}": password for username, password in logins.items()}
    realm = fill(json.loads(template.read_text()), values)

    for path in (out.environment, out.realm, out.roles_sql, out.s3_identities):
        path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in environment.items())
    write_private(out.environment, lines.encode())
    write_private(out.realm, (json.dumps(realm, indent=2) + "\n").encode())
    write_private(out.roles_sql, roles_sql(passwords).encode())
    write_private(out.s3_identities, (json.dumps(_identities(keys), indent=2) + "\n").encode())


REALM_VARIABLES = (
    "KEYCLOAK_REALM",
    "PUBLIC_URL",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "AGENT_CLIENT_ID",
    "AGENT_CLIENT_SECRET",
)


def fill(node: object, values: dict[str, str]) -> object:
    """The template with each ``{{NAME}}`` replaced; an unknown name is an error, never left in."""
    if isinstance(node, dict):
        return {key: fill(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [fill(item, values) for item in node]
    if not isinstance(node, str):
        return node
    head, *parts = node.split("{{")
    for part in parts:
        name, _, rest = part.partition("}}")
        head += values[name] + rest
    return head


def _environment(
    passwords: dict[str, str], keys: dict[str, tuple[str, str]], clients: Authority, signer_home: Path
) -> dict[str, str]:
    public_authority = Authority("WIPE public CA")
    tls = public_authority.server(PUBLIC_NAME, "nginx", "localhost")
    client = clients.client("wipe-api")

    def database(role: str, name: str = "wipe") -> str:
        return f"postgresql://{role}:{passwords[role]}@postgres:5432/{name}"

    return {
        "DATABASE_URL": database("wipe_app"),
        "DATABASE_OWNER_URL": database("wipe"),
        "DATABASE_WORKER_URL": database("wipe_worker"),
        "S3_ENDPOINT": "http://s3:8333",
        "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY": keys["wipe-app"][0],
        "S3_SECRET_KEY": keys["wipe-app"][1],
        **BUCKETS,
        "S3_BILLING_DROP_ACCESS_KEY": keys["wipe-billing-drop"][0],
        "S3_BILLING_DROP_SECRET_KEY": keys["wipe-billing-drop"][1],
        "KEYCLOAK_URL": "http://keycloak:8080",
        "KEYCLOAK_REALM": "wipe",
        "KEYCLOAK_DATABASE_URL": database("keycloak", "keycloak"),
        "OIDC_CLIENT_ID": "wipe-web",
        "OIDC_CLIENT_SECRET": secrets.token_urlsafe(32),
        "AGENT_CLIENT_ID": "wipe-agent",
        "AGENT_CLIENT_SECRET": secrets.token_urlsafe(32),
        "PUBLIC_URL": PUBLIC_URL,
        "PUBLIC_CA_B64": b64(public_authority.certificate),
        "TLS_CERT_B64": b64(tls.certificate),
        "TLS_KEY_B64": b64(tls.key),
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "SIGNER_URL": "https://signer:9443",
        "SIGNER_CA_B64": b64((signer_home / "ca.crt").read_bytes()),
        "SIGNER_CLIENT_CERT_B64": b64(client.certificate),
        "SIGNER_CLIENT_KEY_B64": b64(client.key),
        "SMTP_HOST": "smtp",
        "SMTP_PORT": "1025",
        "SMTP_USER": "wipe-mailer",
        "SMTP_PASSWORD": secrets.token_urlsafe(24),
        "WEBHOOK_URL": "http://webhook:8026/hook",
    }


_VERBS = ("Read", "List", "Tagging", "Write")
_APP_BUCKETS = [bucket for name, bucket in BUCKETS.items() if name != "S3_BUCKET_BILLING_DROP"]

#: SeaweedFS identity -> what it may do
S3_ACTIONS = {
    "wipe-admin": ["Admin", "Read", "List", "Tagging", "Write"],
    "wipe-app": [f"{verb}:{bucket}" for bucket in _APP_BUCKETS for verb in _VERBS],
    "wipe-billing-drop": [f"Write:{BUCKETS['S3_BUCKET_BILLING_DROP']}"],
    "wipe-readonly": ["Read", "List"],
}


def _identities(keys: dict[str, tuple[str, str]]) -> dict[str, object]:
    return {
        "identities": [
            {
                "name": name,
                "credentials": [{"accessKey": keys[name][0], "secretKey": keys[name][1]}],
                "actions": actions,
            }
            for name, actions in S3_ACTIONS.items()
        ]
    }

"""The cluster's roles and databases as SQL: one statement per line, no clear-text password."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from wipe_platform.canonical import b64

ITERATIONS = 4096

#: role -> what it is for; grants and policies come with the migrations
ROLES = {
    "wipe": "owns the tables of the application database",
    "wipe_app": "the API; bound by row-level security to one tenant per transaction",
    "wipe_worker": "the workers; every tenant, through a policy",
    "wipe_readonly": "reporting; may only select",
    "keycloak": "owns the database of the identity provider",
}


def roles_sql(passwords: Mapping[str, str]) -> str:
    """Create every role with its password and both databases; meant for an empty cluster."""
    lines = []
    for role, purpose in ROLES.items():
        verifier = scram_verifier(passwords[role])
        lines.append(f"create role {role} login nosuperuser nocreatedb nocreaterole password '{verifier}';")
        lines.append(f"comment on role {role} is '{purpose}';")
    for database, owner in (("wipe", "wipe"), ("keycloak", "keycloak")):
        lines.append(f"create database {database} owner {owner} template template0 encoding 'UTF8';")
        lines.append(f"revoke connect, temporary on database {database} from public;")
    lines.append("grant connect on database wipe to wipe_app, wipe_worker, wipe_readonly;")
    return "\n".join(lines) + "\n"


def scram_verifier(password: str) -> str:
    """PostgreSQL's stored form of a SCRAM-SHA-256 password (RFC 5802)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ITERATIONS}:{b64(salt)}${b64(stored)}:{b64(server)}"

"""Who may use an S3 service that a drill makes: the stack's identities and a throw-away administrator."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials

FILE = "s3.json"
"""The file of a ``Start`` that holds the stack's identities."""
_ALL = ["Admin", "Read", "Write", "List", "Tagging"]


def new_administrator() -> Credentials:
    """Return an access key of its own, and its secret."""
    access_key = f"restoreproof{secrets.token_hex(4)}"
    return Credentials(access_key, Secret("s3 administrator", secrets.token_urlsafe(30)))


def configuration(name: str, files: Mapping[str, bytes], administrator: Credentials) -> bytes:
    """Return the identities among ``files`` with ``administrator`` in them, as JSON.

    Raises:
        ContractError: the file of the service ``name`` lists no identities.
    """
    try:
        config = json.loads(files.get(FILE, b'{"identities": []}'))
        identities = list(config["identities"])
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(f"service {name!r}: {FILE} has no list of identities") from error
    key = {"accessKey": administrator.user, "secretKey": administrator.password.reveal()}
    identities.append({"name": "restoreproof", "credentials": [key], "actions": _ALL})
    return json.dumps({**config, "identities": identities}).encode()

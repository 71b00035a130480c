"""What the drill restored for the start of one service, in the words of its image."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

Variables = dict[str, str]
Files = dict[str, bytes]


def variables() -> Variables:
    """The restored environment: lines of NAME=value."""
    file = os.environ.get("RESTOREPROOF_ENVIRONMENT")
    lines = Path(file).read_text().splitlines() if file else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def files() -> Files:
    """The restored files, by relative path."""
    place = os.environ.get("RESTOREPROOF_FILES")
    if not place:
        return {}
    found = (path for path in Path(place).rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_bytes() for path in found}


def adapted(service: str) -> tuple[Variables, Files]:
    """Both, as the image of ``service`` wants them."""
    adapt = _ADAPTERS.get(service)
    return adapt(variables(), files()) if adapt else (variables(), files())


def identities(given: bytes = b'{"identities": []}') -> bytes:
    """S3 identities, with the administrator that the drill comes as among them."""
    config = json.loads(given)
    pair = {
        "accessKey": os.environ["S3_ADMIN_ACCESS_KEY"],
        "secretKey": os.environ["S3_ADMIN_SECRET_KEY"],
    }
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    own = {"name": "restoreproof", "credentials": [pair], "actions": actions}
    return json.dumps({**config, "identities": [*config["identities"], own]}).encode()


def _keycloak(variables: Variables, files: Files) -> tuple[Variables, Files]:
    """Keycloak's own words for where its database and the public door are."""
    url = urlsplit(variables["KEYCLOAK_DATABASE_URL"])
    own = {
        "KC_DB_URL": f"jdbc:postgresql://{url.hostname}:{url.port or 5432}{url.path}",
        "KC_DB_USERNAME": unquote(url.username or ""),
        "KC_DB_PASSWORD": unquote(url.password or ""),
        "KC_HOSTNAME": variables["PUBLIC_URL"],
        "KC_HOSTNAME_BACKCHANNEL_DYNAMIC": "true",
    }
    return own, files


def _smtp(variables: Variables, files: Files) -> tuple[Variables, Files]:
    """The sink gets the one user that it lets in, and nothing else of production's."""
    return {name: variables[name] for name in ("SMTP_USER", "SMTP_PASSWORD")}, files


def _s3(variables: Variables, files: Files) -> tuple[Variables, Files]:
    """The restored identities may do what they could, and the administrator makes the buckets."""
    return variables, {**files, "s3.json": identities(files["s3.json"])}


_ADAPTERS: Mapping[str, Callable[[Variables, Files], tuple[Variables, Files]]] = {
    "keycloak": _keycloak,
    "smtp": _smtp,
    "s3": _s3,
}

"""The environment file as typed settings. Every name is required; nothing has a hidden default.

Secrets stay out of ``repr`` so that a logged settings object tells nothing.
"""

import base64
import binascii
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Self


class SettingsError(Exception):
    """A variable is missing, empty or malformed; the message names it, never its value."""


def required(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The variable's value; refuses a missing or empty one."""
    value = (os.environ if environment is None else environment).get(name, "")
    if not value:
        raise SettingsError(f"environment variable {name} is not set")
    return value


def pem(name: str, environment: Mapping[str, str] | None = None) -> bytes:
    """A ``*_B64`` variable, decoded; refuses what is not base64 of a PEM."""
    try:
        decoded = base64.b64decode(required(name, environment), validate=True)
    except binascii.Error as error:
        raise SettingsError(f"environment variable {name} is not base64") from error
    if not decoded.lstrip().startswith(b"-----BEGIN "):
        raise SettingsError(f"environment variable {name} does not hold a PEM")
    return decoded


def refusing(name: str, run: Callable[[], int | None]) -> int:
    """Run an entry point; a SettingsError becomes one line on standard error and exit code 1."""
    try:
        return run() or 0
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1


@dataclass(frozen=True)
class Settings:
    """What the API and the workers need; field names are the variables' in lower case."""

    database_url: str = field(repr=False)
    database_worker_url: str = field(repr=False)
    s3_endpoint: str
    s3_region: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_bucket_proofs: str
    s3_bucket_certificates: str
    s3_bucket_binaries: str
    s3_bucket_exports: str
    s3_bucket_billing_drop: str
    s3_billing_drop_access_key: str = field(repr=False)
    s3_billing_drop_secret_key: str = field(repr=False)
    keycloak_url: str
    keycloak_realm: str
    oidc_client_id: str
    oidc_client_secret: str = field(repr=False)
    public_url: str
    session_secret: str = field(repr=False)
    signer_url: str
    smtp_host: str
    smtp_port: str
    smtp_user: str
    smtp_password: str = field(repr=False)
    webhook_url: str
    signer_ca: bytes = field(repr=False)
    signer_client_cert: bytes = field(repr=False)
    signer_client_key: bytes = field(repr=False)

    @property
    def issuer(self) -> str:
        """The one issuer whose tokens are accepted."""
        return f"{self.public_url}/realms/{self.keycloak_realm}"

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read everything at once, so that a process with half an environment never starts."""
        plain = {f.name: required(f.name.upper(), environment) for f in fields(cls) if f.type is not bytes}
        pems = {f.name: pem(f"{f.name.upper()}_B64", environment) for f in fields(cls) if f.type is bytes}
        return cls(**plain, **pems)  # type: ignore[arg-type]

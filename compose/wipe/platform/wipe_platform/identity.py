"""Keycloak: where its documents are, and whose tokens are believed.

The browser meets Keycloak at the public URL, which is also the issuer; this process reaches it
directly. Tokens count only with the public issuer, so a realm served elsewhere is refused.
"""

import warnings
from dataclasses import dataclass
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from wipe_platform.settings import Settings

with warnings.catch_warnings():
    # Authlib announces its move to another HTTP client on import; nothing here is affected.
    # Its own filter is installed by this import and would win over an earlier one.
    import authlib.deprecate  # noqa: F401

    warnings.filterwarnings("ignore", message="The httpx module is deprecated")
    from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App

API_AUDIENCE = "wipe-api"


class InvalidToken(Exception):
    """The bearer token is not one of ours, or not any more; the message says why, without the token."""


@dataclass(frozen=True)
class Principal:
    """An authenticated caller and the one tenant they act for."""

    subject: str
    name: str
    tenant_id: UUID
    roles: frozenset[str]


def realm_url(settings: Settings) -> str:
    """The realm, as this process reaches it."""
    return f"{settings.keycloak_url}/realms/{settings.keycloak_realm}"


def discovery(settings: Settings) -> dict[str, object]:
    """The realm's OpenID configuration; raises httpx.HTTPError, or ValueError on a foreign issuer."""
    answer = httpx.get(
        f"{realm_url(settings)}/.well-known/openid-configuration", timeout=3, trust_env=False
    ).raise_for_status()
    document: dict[str, object] = answer.json()
    if document.get("issuer") != settings.issuer:
        raise ValueError(f"the realm's issuer is {document.get('issuer')}, not {settings.issuer}")
    return document


def login_client(settings: Settings) -> StarletteOAuth2App:
    """The authorization code flow with PKCE, as the confidential web client."""
    oauth = OAuth()
    return oauth.register(
        "keycloak",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{realm_url(settings)}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "trust_env": False,
            "timeout": 10,
        },
    )


class TokenVerifier:
    """Checks access tokens against the realm's published keys, fetched again when a key is unknown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None

    def verify(self, token: str) -> Principal:
        """The token's principal; raises InvalidToken."""
        try:
            decoded = self._decode(token)
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": API_AUDIENCE},
                exp={"essential": True},
                tenant_id={"essential": True},
            ).validate(decoded.claims)
            return principal_of(decoded.claims)
        except (JoseError, ValueError, KeyError) as error:
            raise InvalidToken(f"{type(error).__name__}: {error}") from error

    def _decode(self, token: str) -> jwt.Token:
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, algorithms=["RS256"])
            except (JoseError, ValueError):
                # Perhaps the realm's keys rotated (or were restored) since they were fetched.
                self._keys = None
        answer = httpx.get(
            f"{realm_url(self._settings)}/protocol/openid-connect/certs", timeout=5, trust_env=False
        ).raise_for_status()
        self._keys = KeySet.import_key_set(
            {"keys": [key for key in answer.json()["keys"] if key.get("use") == "sig"]}
        )
        return jwt.decode(token, self._keys, algorithms=["RS256"])


def principal_of(claims: dict[str, object]) -> Principal:
    """The principal that verified claims describe; raises KeyError or ValueError without a tenant."""
    roles = claims.get("roles", [])
    return Principal(
        subject=str(claims["sub"]),
        name=str(claims.get("preferred_username", claims["sub"])),
        tenant_id=UUID(str(claims["tenant_id"])),
        roles=frozenset(roles if isinstance(roles, list) else []),
    )

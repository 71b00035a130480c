"""What a request may use, and who makes it."""

from dataclasses import dataclass
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from sqlalchemy import Engine

from wipe_platform.database import engine_for
from wipe_platform.identity import InvalidToken, Principal, TokenVerifier
from wipe_platform.settings import Settings
from wipe_platform.signing import SignerClient
from wipe_platform.storage import Buckets

AUDITOR_ROLES = {"tenant-admin", "auditor"}


@dataclass(frozen=True)
class Platform:
    """The API's connections; opened once, before the first request."""

    settings: Settings
    engine: Engine
    buckets: Buckets
    signer: SignerClient
    tokens: TokenVerifier

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        return cls(
            settings=settings,
            engine=engine_for(settings.database_url),
            buckets=Buckets.connect(settings),
            signer=SignerClient.connect(settings),
            tokens=TokenVerifier(settings),
        )


def platform(request: Request) -> Platform:
    """The running platform."""
    connected: Platform = request.app.state.platform
    return connected


PlatformHere = Annotated[Platform, Depends(platform)]


def principal(request: Request, here: PlatformHere) -> Principal:
    """The caller: a bearer token when there is one, else the session cookie; 401 otherwise."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        try:
            return here.tokens.verify(token)
        except InvalidToken as error:
            raise HTTPException(401, f"invalid token: {error}") from error
    session = request.session.get("user")
    if session is None:
        raise HTTPException(401, "log in at /login")
    return Principal(
        subject=session["subject"],
        name=session["name"],
        tenant_id=UUID(session["tenant_id"]),
        roles=frozenset(session["roles"]),
    )


Caller = Annotated[Principal, Depends(principal)]


def require_role(caller: Principal, allowed: set[str]) -> None:
    """403 unless the caller has one of the roles."""
    if not caller.roles & allowed:
        raise HTTPException(403, f"needs one of the roles {sorted(allowed)}")

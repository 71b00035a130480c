"""Login through Keycloak, and the session that the cookie carries."""

from authlib.integrations.base_client.errors import OAuthError
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from wipe_platform import tables
from wipe_platform.api.platform import Caller, Platform, PlatformHere
from wipe_platform.database import as_tenant
from wipe_platform.identity import Principal, principal_of
from wipe_platform.ledger import append_audit
from wipe_platform.release import VERSION

router = APIRouter()


@router.get("/")
def index() -> dict[str, str]:
    """What answers here."""
    return {"service": "wipe", "version": VERSION}


@router.get("/login")
async def login(request: Request, here: PlatformHere) -> Response:
    """Send the browser to Keycloak."""
    callback = f"{here.settings.public_url}/callback"
    response: Response = await request.app.state.login.authorize_redirect(request, callback)
    return response


@router.get("/callback")
async def callback(request: Request, here: PlatformHere) -> Response:
    """Take the code that Keycloak sent back, and open a session for a user the platform knows."""
    try:
        token = await request.app.state.login.authorize_access_token(request)
        claims = dict(token["userinfo"])
        if claims["iss"] != here.settings.issuer:
            raise HTTPException(401, "the identity token has a foreign issuer")
        caller = principal_of(claims)
    except OAuthError as error:
        raise HTTPException(401, f"login failed: {error.error}") from error
    except (KeyError, ValueError) as error:
        raise HTTPException(403, f"the account lacks a claim: {error}") from error
    await run_in_threadpool(_open_session, here, caller)
    request.session.clear()
    request.session["user"] = {
        "subject": caller.subject,
        "name": caller.name,
        "tenant_id": str(caller.tenant_id),
        "roles": sorted(caller.roles),
    }
    return RedirectResponse("/api/me", status_code=303)


def _open_session(here: Platform, caller: Principal) -> None:
    with as_tenant(here.engine, caller.tenant_id) as connection:
        known = select(tables.users.c.id).where(tables.users.c.keycloak_sub == caller.subject)
        if connection.execute(known).first() is None:
            raise HTTPException(403, "this account is not a user of the platform")
        append_audit(connection, caller.tenant_id, caller.name, "session.started")


@router.get("/api/me")
def me(caller: Caller, here: PlatformHere) -> dict[str, object]:
    """The caller, their tenant and what it is licensed for."""
    with as_tenant(here.engine, caller.tenant_id) as connection:
        tenant = connection.execute(select(tables.tenants)).one_or_none()
        if tenant is None:
            raise HTTPException(403, "the tenant of this account does not exist")
        licenses = tables.licenses
        active = connection.execute(
            select(licenses.c.plan, licenses.c.seats).where(licenses.c.state == "active")
        ).first()
    return {
        "subject": caller.subject,
        "name": caller.name,
        "roles": sorted(caller.roles),
        "tenant": {"id": str(tenant.id), "slug": tenant.slug, "name": tenant.name},
        "license": {"plan": active.plan, "seats": active.seats} if active else None,
    }

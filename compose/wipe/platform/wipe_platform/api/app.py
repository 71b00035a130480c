"""Put the API together."""

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from obstore.exceptions import BaseError
from sqlalchemy.exc import OperationalError
from starlette.middleware.sessions import SessionMiddleware

from wipe_platform.api import downloads, proofs, readiness, session, verify
from wipe_platform.api.platform import Platform
from wipe_platform.identity import login_client
from wipe_platform.logs import log_event
from wipe_platform.release import VERSION

SESSION_COOKIE = "wipe_session"
SESSION_SECONDS = 8 * 3600


def describe() -> FastAPI:
    """The API's surface, connected to nothing; enough for its OpenAPI document."""
    app = FastAPI(title="WIPE", version=VERSION, docs_url=None, redoc_url=None)
    for module in (session, proofs, downloads, verify, readiness):
        app.include_router(module.router)
    return app


def create_app(platform: Platform) -> FastAPI:
    """The API over these connections. Nothing is contacted before the first request."""
    app = describe()
    app.add_middleware(
        SessionMiddleware,
        secret_key=platform.settings.session_secret,
        session_cookie=SESSION_COOKIE,
        max_age=SESSION_SECONDS,
        same_site="lax",
        https_only=True,
    )
    for absence in (httpx.TransportError, OperationalError, BaseError):
        app.add_exception_handler(absence, _unavailable)
    app.state.platform = platform
    app.state.login = login_client(platform.settings)
    return app


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    # What is missing is for the operators, in the log; /readyz names it too.
    log_event("unavailable", path=request.url.path, error=type(error).__name__)
    return JSONResponse({"detail": "a service that this needs does not answer"}, status_code=503)

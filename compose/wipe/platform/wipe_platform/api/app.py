"""Put the API together."""

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from wipe_platform.api import downloads, proofs, readiness, session, verify
from wipe_platform.api.platform import Platform
from wipe_platform.identity import login_client
from wipe_platform.release import VERSION
from wipe_platform.settings import Settings

SESSION_COOKIE = "wipe_session"
SESSION_SECONDS = 8 * 3600


def describe() -> FastAPI:
    """The API's surface, connected to nothing; enough for its OpenAPI document."""
    app = FastAPI(title="WIPE", version=VERSION, docs_url=None, redoc_url=None)
    for module in (session, proofs, downloads, verify, readiness):
        app.include_router(module.router)
    return app


def create_app(settings: Settings) -> FastAPI:
    """The API, connected. Nothing is contacted before the first request."""
    app = describe()
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_secret,
        session_cookie=SESSION_COOKIE,
        max_age=SESSION_SECONDS,
        same_site="lax",
        https_only=True,
    )
    app.state.platform = Platform.connect(settings)
    app.state.login = login_client(settings)
    return app

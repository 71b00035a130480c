"""/readyz: ready means that everything a request needs has answered, just now."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
from fastapi import APIRouter, Response
from obstore.exceptions import BaseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from wipe_platform import storage
from wipe_platform.api.platform import Platform, PlatformHere
from wipe_platform.identity import discovery
from wipe_platform.release import MIGRATION_HEAD, VERSION

router = APIRouter()


class NotReady(Exception):
    """A component answered, but not as this release needs it."""


def _database(here: Platform) -> None:
    with here.engine.connect() as connection:
        revision = connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    if revision != MIGRATION_HEAD:
        raise NotReady(f"database is at migration {revision}, release {VERSION} needs {MIGRATION_HEAD}")


def _buckets(here: Platform) -> None:
    # The billing drop accepts writes only, so there is nothing harmless to ask it.
    buckets = here.buckets
    for store in (buckets.proofs, buckets.certificates, buckets.binaries, buckets.exports):
        storage.reachable(store)


def _keycloak(here: Platform) -> None:
    discovery(here.settings)


def _signer(here: Platform) -> None:
    here.signer.healthy()


COMPONENTS: dict[str, Callable[[Platform], None]] = {
    "database": _database,
    "buckets": _buckets,
    "keycloak": _keycloak,
    "signer": _signer,
}


@router.get("/readyz")
def readyz(here: PlatformHere, response: Response) -> dict[str, object]:
    """200 when every component is ready; 503 names those that are not, and why."""
    with ThreadPoolExecutor(len(COMPONENTS)) as pool:
        probes = {name: pool.submit(probe, here) for name, probe in COMPONENTS.items()}
        components = {name: _verdict(probe) for name, probe in probes.items()}
    ready = all(state == "ok" for state in components.values())
    response.status_code = 200 if ready else 503
    return {
        "ready": ready,
        "version": VERSION,
        "components": components,
        "not_ready": [name for name, state in components.items() if state != "ok"],
    }


def _verdict(probe: Future[None]) -> str:
    try:
        probe.result()
    except (NotReady, SQLAlchemyError, httpx.HTTPError, BaseError, OSError, ValueError) as error:
        # First line only: drivers append statements and parameters.
        return f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return "ok"

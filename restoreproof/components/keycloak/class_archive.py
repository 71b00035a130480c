"""One start of Keycloak on an empty PostgreSQL, in the drill sandbox, to archive the classes it loads.

Run by ``user_cache.ensure`` as ``python -m … <cache> <archive>``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

import restoreproof
from restoreproof.contract.services import Service
from restoreproof.journal.write import PipeEmitter
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.launch import DrillSandbox
from restoreproof.runtimes.process.runtime import ProcessRuntime

_INNER = "RESTOREPROOF_TRAINING"
_ARCHIVING_S = 90.0  # the archive is written on the way out, after SIGTERM


def _services(archive: Path) -> dict[str, Service]:
    return {
        "postgres": Service(component="postgres", port=5432, starts="training"),
        "keycloak": Service.model_validate(
            {
                "component": "keycloak",
                "port": 8080,
                "starts": "training",
                "hostname": "PUBLIC_URL",
                "java": [f"-XX:ArchiveClassesAtExit={archive}"],
            }
        ),
    }


def outer(cache: Path, archive: Path) -> int:
    """Launch ``inner`` in a sandbox that sees the cache and this package; return its exit code."""
    package = Path(restoreproof.__file__).parent.parent
    sandbox = DrillSandbox(archive.parent, read=[cache, package], services=_services(archive))
    process = sandbox.launch(
        [sys.executable, "-m", __spec__.name, str(cache), str(archive)],
        {"PYTHONPATH": str(package), _INNER: "1"},
    )
    return process.wait()


def inner(cache: Path, archive: Path) -> int:
    """Start the two, ask Keycloak what every drill asks, and let it end in its own time."""
    services = _services(Path("training.jsa"))
    workdir = archive.parent
    redactor = Redactor()
    runtime = ProcessRuntime(
        services=services,
        workdir=workdir,
        contract_dir=workdir,
        code=workdir,
        emitter=PipeEmitter(None, redactor),
        redactor=redactor,
        cache=cache,
    )
    try:
        runtime.start("postgres")
        runtime.start("keycloak", Start(environment=_database(runtime)))
        _exercise(runtime)
        runtime.stop("keycloak", grace_s=_ARCHIVING_S)
        (runtime.data_directory("keycloak") / "training.jsa").rename(archive)
    finally:
        print(runtime.log_tail("keycloak"), file=sys.stderr)
        runtime.teardown()
    return 0


def _database(runtime: ProcessRuntime) -> dict[str, str | Secret]:
    admin = runtime.administrator("postgres")
    endpoint = runtime.endpoint("postgres")
    with psycopg.connect(
        host=endpoint.address,
        port=endpoint.port,
        user=admin.user,
        password=admin.password.reveal(),
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(sql.SQL("create database keycloak"))
    return {
        "KC_DB_URL": "jdbc:postgresql://postgres:5432/keycloak",
        "KC_DB_USERNAME": admin.user,
        "KC_DB_PASSWORD": admin.password,
        "PUBLIC_URL": "https://nginx:8443",
    }


def _exercise(runtime: ProcessRuntime) -> None:
    """Log in once by password and ask for one of each page, so that their classes are archived."""
    admin = runtime.administrator("keycloak")
    endpoint = runtime.endpoint("keycloak")
    with httpx.Client(base_url=f"http://{endpoint.address}:{endpoint.port}", timeout=60) as client:
        token = client.post(
            "/realms/master/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": admin.user,
                "password": admin.password.reveal(),
            },
        ).raise_for_status()
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        for path in ("/admin/realms", "/admin/realms/master/users", "/admin/realms/master/clients"):
            client.get(path, headers=bearer).raise_for_status()
        client.get("/realms/master/protocol/openid-connect/certs").raise_for_status()


if __name__ == "__main__":
    act = inner if os.environ.get(_INNER) else outer
    sys.exit(act(Path(sys.argv[1]), Path(sys.argv[2])))

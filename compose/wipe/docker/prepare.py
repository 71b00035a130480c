"""The one-shot ``init``: draw the secrets of an installation once, and lay each where its service reads it.

Every service has a volume of its own below /made, so that none sees another's secrets. A volume is mounted
into one service only; inside it files are readable by all, because official images run as users of their own.
"""

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

MADE = Path("/made")
DONE = MADE / "environment" / "environment.env"


def main() -> None:
    """Do nothing if an earlier run finished: what is in the volumes belongs to the data beside it."""
    if DONE.exists():
        print("the installation has its secrets already")
        return
    with tempfile.TemporaryDirectory() as place:
        drawn = Path(place)
        draw(drawn)
        environment = dict(
            line.split("=", 1) for line in (drawn / "environment.env").read_text().splitlines()
        )
        postgres(drawn)
        keycloak(drawn, environment)
        nginx(environment)
        lay(MADE / "s3" / "s3.json", (drawn / "s3.json").read_bytes())
        shutil.copytree(drawn / "signer", MADE / "signer", dirs_exist_ok=True)
        lay(MADE / "storage" / "environment.env", written(environment | administrator(drawn)))
        # Last, and whole: it is what says that all is there.
        staged = DONE.with_suffix(".new")
        lay(staged, written(environment))
        staged.rename(DONE)
    print("the installation has its secrets")


def draw(place: Path) -> None:
    """The platform's own provisioning; it ends this one if it fails."""
    outputs = {
        "--out": "environment.env",
        "--realm-out": "realm.json",
        "--signer-home": "signer",
        "--custody-out": "custody",
        "--sql-out": "roles.sql",
        "--s3-out": "s3.json",
    }
    options = [f"{option}={place / name}" for option, name in outputs.items()]
    command = [sys.executable, "-m", "wipe_platform.provision", "environment", *options]
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def postgres(drawn: Path) -> None:
    """The superuser's password, and the roles and databases that a new cluster gets."""
    lay(MADE / "postgres" / "password", secrets.token_urlsafe(24).encode())
    lay(MADE / "postgres" / "roles.sql", (drawn / "roles.sql").read_bytes())


def keycloak(drawn: Path, environment: dict[str, str]) -> None:
    """Its settings, and the realm that it imports when it has none of this name."""
    database = urlsplit(environment["KEYCLOAK_DATABASE_URL"])
    settings: dict[str, str] = {
        "db-url": f"jdbc:postgresql://{database.hostname}:{database.port}{database.path}",
        "db-username": database.username or "",
        "db-password": database.password or "",
        "hostname": environment["PUBLIC_URL"],
        "hostname-backchannel-dynamic": "true",
        "bootstrap-admin-username": "operator",
        "bootstrap-admin-password": secrets.token_urlsafe(24),
    }
    lay(MADE / "keycloak" / "keycloak.conf", written(settings))
    lay(MADE / "keycloak" / "wipe-realm.json", (drawn / "realm.json").read_bytes())


def nginx(environment: dict[str, str]) -> None:
    """The front door's configuration, certificate and key, in its prefix."""
    prefix = MADE / "nginx"
    for directory in ("logs", "tmp"):
        (prefix / directory).mkdir(exist_ok=True)
    lay(prefix / "nginx.conf", Path("/opt/stack/nginx.conf").read_bytes())
    lay(prefix / "tls.crt", b64decode(environment["TLS_CERT_B64"]))
    lay(prefix / "tls.key", b64decode(environment["TLS_KEY_B64"]))


def administrator(drawn: Path) -> dict[str, str]:
    """The storage administrator's keys, by the names that the bucket provisioner reads."""
    identities = json.loads((drawn / "s3.json").read_text())["identities"]
    keys = next(one["credentials"][0] for one in identities if one["name"] == "wipe-admin")
    return {"S3_ADMIN_ACCESS_KEY": keys["accessKey"], "S3_ADMIN_SECRET_KEY": keys["secretKey"]}


def written(values: dict[str, str]) -> bytes:
    """The lines of an environment file."""
    return "".join(f"{name}={value}\n" for name, value in values.items()).encode()


def lay(path: Path, content: bytes) -> None:
    """Write one file that its service may read, whoever it runs as."""
    path.write_bytes(content)
    path.chmod(0o644)


if __name__ == "__main__":
    main()

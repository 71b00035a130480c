"""Each component becomes ready by an authenticated answer, and is gone when it is stopped."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import httpx
import psutil
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.runtime import ProcessRuntime

POSTGRES = {"component": "postgres", "version": "18", "port": 5432}


def connect(runtime: ProcessRuntime, database: str = "postgres") -> psycopg.Connection[Any]:
    admin, endpoint = runtime.administrator("postgres"), runtime.endpoint("postgres")
    return psycopg.connect(
        host=endpoint.address,
        port=endpoint.port,
        user=admin.user,
        password=admin.password.reveal(),
        dbname=database,
        autocommit=True,
    )


def listens(address: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0


def test_postgres_listens_on_its_own_address_only_and_leaves_nothing(build, events) -> None:
    runtime = build(postgres=POSTGRES)
    runtime.start("postgres")
    with connect(runtime) as connection:
        shown = {
            name: connection.execute(f"show {name}").fetchone()[0]
            for name in ("archive_mode", "fsync", "data_checksums", "password_encryption")
        }
    assert shown == {
        "archive_mode": "off",
        "fsync": "off",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
    }
    address = runtime.endpoint("postgres").address
    assert listens(address, 5432)
    assert not listens("127.0.0.1", 5432)
    assert [override["name"] for override in events.of("override")] == ["fsync=off"]
    runtime.stop("postgres")
    assert not runtime.running("postgres")
    assert not listens(address, 5432)
    assert [one.name() for one in psutil.process_iter() if one.name() == "postgres"] == []
    assert [kind for kind, _ in events.all if kind.startswith("service")] == [
        "service-started",
        "service-ready",
        "service-stopped",
    ]


def test_postgres_keeps_its_data_and_its_administrator_over_a_restart(build) -> None:
    runtime = build(postgres=POSTGRES)
    runtime.start("postgres")
    with connect(runtime) as connection:
        connection.execute("create table kept as select 7 as n")
    runtime.stop("postgres")
    runtime.start("postgres")
    with connect(runtime) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_a_postgres_tool_is_pointed_at_the_server_and_its_password_is_no_argument(build, events) -> None:
    runtime = build(postgres=POSTGRES)
    runtime.start("postgres")
    done = runtime.run_tool("postgres", "psql", ["-Atc", "select current_user"])
    assert (done.returncode, done.stdout) == (0, b"restoreproof_admin\n")
    password = runtime.administrator("postgres").password.reveal()
    assert password not in json.dumps(events.all)
    with pytest.raises(ContractError, match=r"no tool '\.\./postgres'"):
        runtime.run_tool("postgres", "../postgres", [])


def test_a_service_outlives_the_thread_that_started_it(build) -> None:
    runtime = build(postgres=POSTGRES)
    starter = threading.Thread(target=runtime.start, args=("postgres",))
    starter.start()
    starter.join()
    with connect(runtime) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_s3_knows_the_identities_it_was_given_and_an_administrator(build) -> None:
    reader = {"accessKey": "reader", "secretKey": "reader-secret"}
    identity = {"name": "app", "credentials": [reader], "actions": ["Read:proofs", "List:proofs"]}
    runtime = build(s3={"component": "seaweedfs", "port": 8333})
    runtime.start("s3", Start(files={"s3.json": json.dumps({"identities": [identity]}).encode()}))
    endpoint, admin = runtime.endpoint("s3"), runtime.administrator("s3")

    def client(key: str, secret: str) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://{endpoint.address}:{endpoint.port}",
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    owner, application = client(admin.user, admin.password.reveal()), client("reader", "reader-secret")
    owner.create_bucket(Bucket="proofs")
    owner.put_object(Bucket="proofs", Key="a", Body=b"1")
    assert application.get_object(Bucket="proofs", Key="a")["Body"].read() == b"1"
    for denied, call in (
        ("AccessDenied", lambda: application.put_object(Bucket="proofs", Key="b", Body=b"2")),
        ("SignatureDoesNotMatch", lambda: client("reader", "x").get_object(Bucket="proofs", Key="a")),
        ("NoSuchBucket", lambda: owner.put_object(Bucket="absent", Key="a", Body=b"1")),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match=denied):
            call()


def test_a_python_service_has_the_environment_it_was_given_and_no_other(build, python) -> None:
    runtime = build(api=python("-m", "http.server", "8000", "--bind", "api", ready={"path": "/"}))
    runtime.start("api")
    done = runtime.run_tool("api", "stand_in", ["environment"], environment={"GIVEN": Secret("given", "yes")})
    seen = json.loads(done.stdout)
    assert seen.pop("GIVEN") == "yes"
    assert set(seen) <= {
        *(
            "PATH",
            "LANG",
            "HOME",
            "PWD",
            "PYTHONPATH",
            "PYTHONFAULTHANDLER",
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONUNBUFFERED",
            "LC_CTYPE",
        )
    }


def certificate(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


CONF = b"""daemon off; pid nginx.pid; events {} http { access_log off; server {
listen nginx:8443 ssl; ssl_certificate tls.crt; ssl_certificate_key tls.key; location / { %s } } }"""


def test_nginx_serves_the_restored_certificate(build) -> None:
    crt, key = certificate("wipe.example")
    runtime = build(nginx={"component": "nginx", "port": 8443, "names": ["wipe.example"]})
    runtime.start("nginx", Start(files={"nginx.conf": CONF % b"return 204;", "tls.crt": crt, "tls.key": key}))
    context = ssl.create_default_context(cadata=crt.decode())
    endpoint = runtime.endpoint("nginx")
    with (
        socket.create_connection((endpoint.address, endpoint.port)) as plain,
        context.wrap_socket(plain, server_hostname="wipe.example") as secured,
    ):
        secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"204" in secured.recv(64)


def test_nginx_names_what_is_wrong_with_a_restored_configuration(build) -> None:
    crt, _ = certificate("wipe.example")
    _, other = certificate("wipe.example")
    runtime = build(nginx={"component": "nginx", "port": 8443})
    with pytest.raises(ServiceFailedError, match="don't belong together"):
        runtime.start("nginx", Start(files={"nginx.conf": CONF % b"", "tls.crt": crt, "tls.key": other}))
    with pytest.raises(ServiceFailedError, match=r"the set restored no tls\.crt"):
        runtime.start("nginx", Start(files={"nginx.conf": CONF % b""}))


def effects(runtime: ProcessRuntime, service: str) -> dict[str, Any]:
    endpoint = runtime.endpoint(service, "effects")
    return httpx.get(f"http://{endpoint.address}:{endpoint.port}/effects").json()


def test_the_mail_sink_takes_mail_of_its_one_account_and_tells(build) -> None:
    runtime = build(smtp={"component": "smtp-sink", "port": 1025, "ports": {"effects": 8025}})
    runtime.start("smtp", Start(environment={"SMTP_USER": "wipe", "SMTP_PASSWORD": Secret("smtp", "right")}))
    assert effects(runtime, "smtp") == {"count": 0, "effects": []}
    endpoint = runtime.endpoint("smtp")
    with smtplib.SMTP(endpoint.address, endpoint.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@wipe", ["b@example"], "Subject: unasked\n\n.")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("wipe", "wrong")
        client.login("wipe", "right")
        client.sendmail("a@wipe", ["b@example"], "Subject: issued\n\n.")
    told = effects(runtime, "smtp")
    *refused, last = [one["kind"] for one in told["effects"]]
    assert (set(refused), last) == ({"mail-refused"}, "mail"), (
        "whoever tries without the password is told too"
    )
    assert told["effects"][-1]["summary"] == "a@wipe to b@example: issued"


def test_the_webhook_sink_remembers_over_a_restart(build) -> None:
    runtime = build(webhook={"component": "http-sink", "port": 8026, "ports": {"effects": 8027}})
    runtime.start("webhook")
    endpoint = runtime.endpoint("webhook")
    httpx.post(f"http://{endpoint.address}:{endpoint.port}/hook", content=b"abc").raise_for_status()
    runtime.stop("webhook")
    runtime.start("webhook")
    told = effects(runtime, "webhook")
    assert told["count"] == 1
    assert told["effects"][0]["summary"].startswith("POST /hook, 3 bytes, sha256 ba7816bf")


def test_keycloak_imports_a_realm_and_keeps_its_keys_over_a_restart(build) -> None:
    keycloak = {
        **{"component": "keycloak", "version": "26.7.3", "port": 8080, "ports": {"management": 9000}},
        **{"database": "IDP_DATABASE_URL", "hostname": "PUBLIC_URL", "realm": "demo"},
    }
    runtime = build(postgres=POSTGRES, keycloak=keycloak)
    runtime.start("postgres")
    with connect(runtime) as connection:
        connection.execute("create role keycloak login password 'a/b c'")
        connection.execute("create database keycloak owner keycloak")
    url = Secret("idp", "postgresql://keycloak:a%2Fb%20c@postgres:5432/keycloak")
    environment = {"IDP_DATABASE_URL": url, "PUBLIC_URL": "https://wipe.example:8443"}
    realm = json.dumps({"realm": "demo", "enabled": True}).encode()
    runtime.start("keycloak", Start(environment=environment, files={"import/realm.json": realm}))
    endpoint = runtime.endpoint("keycloak")
    base = f"http://{endpoint.address}:{endpoint.port}/realms"
    first = httpx.get(f"{base}/demo/protocol/openid-connect/certs").json()
    issuer = httpx.get(f"{base}/demo/.well-known/openid-configuration").json()["issuer"]
    assert issuer == "https://wipe.example:8443/realms/demo"
    admin = runtime.administrator("keycloak")
    token = httpx.post(
        f"{base}/master/protocol/openid-connect/token",
        data={
            **{"grant_type": "password", "client_id": "admin-cli"},
            **{"username": admin.user, "password": admin.password.reveal()},
        },
    )
    assert token.status_code == httpx.codes.OK
    runtime.stop("keycloak")
    runtime.start("keycloak", Start(environment=environment))
    assert httpx.get(f"{base}/demo/protocol/openid-connect/certs").json() == first
    with pytest.raises(ContractError, match="no throw-away administrator"):
        runtime.administrator("keycloak")


def test_the_log_of_every_service_lies_outside_its_own_reach(build, tmp_path: Path) -> None:
    runtime = build(postgres=POSTGRES)
    runtime.start("postgres")
    assert "ready to accept connections" in runtime.log_tail("postgres")
    assert not (tmp_path / "logs" / "postgres.log").is_relative_to(runtime.data_directory("postgres"))

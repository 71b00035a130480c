"""Provisioning: parts agree with each other, and no secret is where it does not belong."""

import base64
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from wipe_platform.identities import PEOPLE, TENANTS
from wipe_platform.provision.__main__ import main
from wipe_platform.provision.environment import VERSIONED, fill
from wipe_platform.settings import Settings, SettingsError
from wipe_platform.signer import load_key

OUTPUTS = {
    "--out": "environment",
    "--realm-out": "realm.json",
    "--signer-home": "signer",
    "--custody-out": "custody",
    "--sql-out": "roles.sql",
    "--s3-out": "s3.json",
}


def provision(directory: Path) -> dict[str, str]:
    arguments = [part for option, name in OUTPUTS.items() for part in (option, str(directory / name))]
    assert main(["environment", *arguments]) == 0
    lines = (directory / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    directory = tmp_path_factory.mktemp("installation")
    return directory, provision(directory)


def test_the_environment_is_all_that_the_platform_needs(installed: tuple[Path, dict[str, str]]) -> None:
    settings = Settings.load(installed[1])
    assert settings.issuer == "https://wipe.example:8443/realms/wipe"


@pytest.mark.parametrize("missing", ["SESSION_SECRET", "SIGNER_CLIENT_KEY_B64", "DATABASE_URL"])
def test_half_an_environment_is_refused_by_name(installed: tuple[Path, dict[str, str]], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        Settings.load({**installed[1], missing: ""})


def test_no_private_key_of_the_signer_is_outside_its_home(installed: tuple[Path, dict[str, str]]) -> None:
    directory, environment = installed
    home = directory / "signer"
    forbidden = []
    for name in ("signing-key.pem", "server.key"):
        pem = (home / name).read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
        der = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        forbidden += [pem, base64.b64encode(pem), der, base64.b64encode(der)]
    others = [path for path in directory.rglob("*") if path.is_file() and home not in path.parents]
    assert len(others) >= 6
    for path in others:
        content = path.read_bytes()
        assert not any(secret in content for secret in forbidden), path.name
    assert not any("SIGNING" in name for name in environment)


def test_custody_records_describe_the_signers_key(installed: tuple[Path, dict[str, str]]) -> None:
    directory, _ = installed
    _, published = load_key(directory / "signer")
    record = json.loads((directory / "custody" / f"signing-key-{published.key_id}.json").read_text())
    assert record["public_key"] == published.public_key
    assert record["state"] == "active"
    assert "PRIVATE KEY" not in "".join(p.read_text() for p in (directory / "custody").iterdir())


def test_a_drill_signer_from_custody_trusts_the_restored_client(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    directory, environment = installed
    for number, given in enumerate(("client-ca.pem", "signer-client-ca.json")):
        home = tmp_path / str(number)
        ca = directory / "custody" / given
        assert main(["signer", "--home", str(home), "--client-ca", str(ca)]) == 0
        authority = x509.load_pem_x509_certificate((home / "client-ca.crt").read_bytes())
        client = base64.b64decode(environment["SIGNER_CLIENT_CERT_B64"])
        x509.load_pem_x509_certificate(client).verify_directly_issued_by(authority)
        assert (home / "signing-key.pem").read_bytes() != (directory / "signer/signing-key.pem").read_bytes()


def test_secrets_are_private_files_and_new_each_time(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    directory, first = installed
    for name in ("environment", "realm.json", "roles.sql", "s3.json", "signer/signing-key.pem"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    second = provision(tmp_path)
    same = {name for name in first if first[name] == second[name]}
    assert not {n for n in same if n.endswith(("SECRET", "PASSWORD", "_B64", "SECRET_KEY", "ACCESS_KEY"))}


def test_roles_sql_holds_verifiers_instead_of_passwords(installed: tuple[Path, dict[str, str]]) -> None:
    directory, environment = installed
    statements = (directory / "roles.sql").read_text()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_WORKER_URL", "KEYCLOAK_DATABASE_URL"):
        password = environment[name].split("@")[0].rsplit(":", 1)[1]
        assert password not in statements
    assert statements.count("SCRAM-SHA-256$4096:") == 5
    assert " superuser" not in statements


def test_the_drop_identity_only_writes_and_the_application_is_not_admin(
    installed: tuple[Path, dict[str, str]],
) -> None:
    identities = json.loads((installed[0] / "s3.json").read_text())["identities"]
    actions = {identity["name"]: identity["actions"] for identity in identities}
    assert actions["wipe-billing-drop"] == ["Write:wipe-billing-drop"]
    assert not any(a == "Admin" or "billing-drop" in a for a in actions["wipe-app"])
    assert set(actions["wipe-readonly"]) == {"Read", "List"}
    assert VERSIONED == ("S3_BUCKET_PROOFS", "S3_BUCKET_CERTIFICATES")


def test_the_realm_joins_the_people_that_the_seeder_writes(installed: tuple[Path, dict[str, str]]) -> None:
    directory, environment = installed
    realm = json.loads((directory / "realm.json").read_text())
    assert {user["id"]: user["username"] for user in realm["users"]} == {
        str(person.sub): person.username for person in PEOPLE
    }
    groups = {group["name"]: group["attributes"]["tenant_id"] for group in realm["groups"]}
    assert groups == {tenant.slug: [str(tenant.id)] for tenant in TENANTS}
    secrets = {client["clientId"]: client.get("secret") for client in realm["clients"]}
    assert secrets["wipe-web"] == environment["OIDC_CLIENT_SECRET"]
    assert secrets["wipe-agent"] == environment["AGENT_CLIENT_SECRET"]
    assert secrets["wipe-cli"] is None


def test_an_unknown_name_in_the_template_is_an_error() -> None:
    assert fill({"a": ["x{{N}}y{{N}}"]}, {"N": "1"}) == {"a": ["x1y1"]}
    with pytest.raises(KeyError):
        fill("{{MISSING}}", {})

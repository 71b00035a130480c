"""The restored environment: what counts as a secret, how it is opened, and how it is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pyrage
import pytest

from restoreproof.assets.identity_file import make_identity, recipient_of
from restoreproof.assets.vault import MAX_ENVIRONMENT, Vault, open_vault, parse_environment, read_identity
from restoreproof.errors import ContractError, ExitCode, IdentityError, UsageError
from restoreproof.redaction.redactor import Redactor

PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIA0123456789abcdefgh
ZXZlbiBtb3JlIG9mIGl0
-----END PRIVATE KEY-----
"""


def vault(**values: str) -> Vault:
    return Vault(values, b"k" * 32)


@pytest.mark.parametrize(
    "name",
    [
        "SESSION_SECRET",
        "S3_SECRET_KEY",
        "S3_ACCESS_KEY",
        "SMTP_PASSWORD",
        "db_password",
        "APIKEY",
        "SIGNER_CLIENT_KEY_B64",
        "PRIVATE_PART",
        "API_TOKENS",
        "KEY",
    ],
)
def test_a_name_that_speaks_of_a_secret_is_not_shown(name: str) -> None:
    opened = vault(**{name: "value"})
    assert opened.settings() == {}
    with pytest.raises(ContractError, match=f"{name} is a secret by its name"):
        opened.public(name)


@pytest.mark.parametrize("name", ["KEYCLOAK_URL", "S3_ENDPOINT", "MONKEY", "TLS_CERT_B64", "COMPASS", "PORT"])
def test_other_names_are_settings(name: str) -> None:
    opened = vault(**{name: "value"})
    assert opened.settings() == {name: "value"}
    assert opened.public(name) == "value"


def test_the_password_of_an_address_is_learnt_and_the_address_is_not_shown() -> None:
    opened = vault(DATABASE_URL="postgresql://app:p%40ss-w0rd!x@db:5432/shop")
    assert [secret.reveal() for secret in opened.secrets()] == ["p@ss-w0rd!x"]
    assert opened.settings() == {}
    masked = Redactor(opened.secrets()).text("connecting to postgresql://app:p%40ss-w0rd%21x@db, p@ss-w0rd!x")
    assert "w0rd" not in masked


def test_an_address_without_a_password_is_a_setting_and_a_broken_one_is_a_secret() -> None:
    opened = vault(SITE="https://shop.example/", BROKEN="https://[half:an-address@x")
    assert opened.settings() == {"SITE": "https://shop.example/"}
    assert [secret.reveal() for secret in opened.secrets()] == ["https://[half:an-address@x"]


def test_the_lines_of_a_pem_are_learnt_as_a_log_would_show_them() -> None:
    opened = vault(TLS_KEY_B64=base64.b64encode(PEM.encode()).decode())
    known = {secret.reveal() for secret in opened.secrets()}
    body = [line for line in PEM.splitlines() if not line.startswith("-----")]
    assert known >= set(body)
    assert not any(line in Redactor(opened.secrets()).text(PEM) for line in body)


def test_what_a_secret_shows_of_itself_is_its_name() -> None:
    assert "hunter2" not in repr(vault(SMTP_PASSWORD="hunter2").environment())


def test_a_missing_variable_and_broken_base64_are_named_without_their_value() -> None:
    with pytest.raises(ContractError, match="has no SMTP_PASSWORD"):
        vault().secret("SMTP_PASSWORD")
    with pytest.raises(ContractError, match="TLS_KEY_B64 is no base64") as caught:
        vault(TLS_KEY_B64="not!base64").pem("TLS_KEY_B64")
    assert "not!base64" not in str(caught.value)


def test_commitments_differ_by_value_name_and_key() -> None:
    one = Vault({"A": "x", "B": "x"}, b"1" * 32)
    same = Vault({"A": "x"}, b"1" * 32)
    assert one.commitment("A") == same.commitment("A")
    others = {one.commitment("B"), Vault({"A": "y"}, b"1" * 32).commitment("A")}
    others.add(Vault({"A": "x"}, b"2" * 32).commitment("A"))
    assert len(others | {one.commitment("A")}) == 4


def test_an_environment_is_read_line_by_line() -> None:
    text = "# a comment\n\nA=1\nB=x=y \r\nC=\nD=one\u2028two\n"
    assert parse_environment(text, "env") == {"A": "1", "B": "x=y ", "C": "", "D": "one\u2028two"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("A=1\nhunter2\n", 2, "not a KEY=VALUE line"),
        ("A=1\n\n2B=hunter2\n", 3, "not a KEY=VALUE line"),
        ("export A=hunter2\n", 1, "not a KEY=VALUE line"),
        ("A=1\nA=hunter2\n", 2, "A is set a second time"),
    ],
)
def test_a_fault_in_an_environment_is_named_by_its_line_and_never_quoted(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(ContractError, match=words) as caught:
        parse_environment(text, "secrets/environment.age")
    assert caught.value.where is not None
    assert str(caught.value.where) == f"secrets/environment.age:{line}"
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "recovery.txt"
    make_identity(path)
    return path


def sealed(directory: Path, identity: Path, content: bytes = b"A=1\n") -> Path:
    """A set's ``secrets/``, encrypted to ``identity``."""
    recipient = pyrage.x25519.Recipient.from_str(recipient_of(identity))
    secrets = directory / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "environment.age").write_bytes(pyrage.encrypt(content, [recipient]))
    (secrets / "commitment.age").write_bytes(pyrage.encrypt(b"k" * 32, [recipient]))
    return secrets


def test_an_identity_is_made_for_its_owner_only_and_never_overwritten(identity: Path) -> None:
    before = identity.read_text()
    assert identity.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="is not overwritten"):
        make_identity(identity)
    assert identity.read_text() == before
    assert str(read_identity(identity).to_public()) == recipient_of(identity)


def test_a_sealed_environment_is_opened_by_its_identity(tmp_path: Path, identity: Path) -> None:
    sealed(tmp_path, identity)
    opened = open_vault(tmp_path, identity)
    assert opened.names() == {"A"}
    assert opened.commitment("A") == vault(A="1").commitment("A")


def test_another_identity_does_not_open_it(tmp_path: Path, identity: Path) -> None:
    sealed(tmp_path, identity)
    other = tmp_path / "other.txt"
    make_identity(other)
    with pytest.raises(IdentityError, match="does not decrypt") as caught:
        open_vault(tmp_path, other)
    assert caught.value.exit_code is ExitCode.COULD_NOT_START


@pytest.mark.parametrize("name", ["environment.age", "commitment.age"])
def test_a_damaged_an_absent_and_an_oversized_file_are_refused(
    tmp_path: Path, identity: Path, name: str
) -> None:
    path = sealed(tmp_path, identity) / name
    whole = path.read_bytes()
    for damaged in (
        whole[:-1],
        whole[: len(whole) // 2],
        b"",
        whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(IdentityError, match="does not decrypt"):
            open_vault(tmp_path, identity)
    with path.open("wb") as file:
        file.truncate(MAX_ENVIRONMENT + 1)
    with pytest.raises(IdentityError, match="is larger than"):
        open_vault(tmp_path, identity)
    path.unlink()
    with pytest.raises(IdentityError, match=f"the set holds no secrets/{name}"):
        open_vault(tmp_path, identity)


def test_an_environment_that_is_no_text_is_refused(tmp_path: Path, identity: Path) -> None:
    sealed(tmp_path, identity, b"A=\xff\xfe\n")
    with pytest.raises(IdentityError, match="does not hold text"):
        open_vault(tmp_path, identity)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no AGE-SECRET-KEY line"),
        (b"\xff\xfe\x00", "holds no AGE-SECRET-KEY line"),
        (b"AGE-SECRET-KEY-1QQQQHUNTER2\n", "is damaged"),
    ],
)
def test_a_file_that_is_no_identity_is_refused_and_never_quoted(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes(content)
    for read in (read_identity, recipient_of):
        with pytest.raises(IdentityError, match=words) as caught:
            read(path)
        assert "QQQQ" not in str(caught.value)
    with pytest.raises(IdentityError, match="can't read the recovery identity"):
        read_identity(tmp_path / "none.txt")

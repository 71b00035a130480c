"""The restored environment against what was committed to, and what no message may show."""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from restoreproof.assets.database import DatabaseError
from restoreproof.assets.vault import Vault
from restoreproof.checks import credentials
from restoreproof.checks.base import Findings
from restoreproof.checks.credentials import CredentialSurvey, EnvironmentSurvey, _belong_together, role_of
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.outcome import Outcome

POINT = datetime(2026, 11, 22, tzinfo=UTC)


def environment(
    seen: Mapping[str, str], committed: Mapping[str, str] | None, session: str = "SESSION_SECRET"
) -> EnvironmentSurvey:
    """A survey in which values stand for their own commitments."""
    return EnvironmentSurvey(
        names=frozenset(seen),
        required=frozenset({"A", "SESSION_SECRET"}),
        pinned={"A": "1"},
        pinned_restored={name: value for name, value in seen.items() if name == "A"},
        commitments=seen,
        committed=committed,
        session=session,
    )


WHOLE = {"A": "1", "SESSION_SECRET": "s"}


def test_the_same_environment_passes_in_every_respect() -> None:
    survey = environment(WHOLE, WHOLE)
    for said in (survey.complete(), survey.pins(), survey.unchanged(), survey.session_unchanged()):
        assert said.outcome is Outcome.PASSED
        assert said.examined == said.of


@pytest.mark.parametrize(
    ("seen", "named", "observed"),
    [
        ({"A": "2", "SESSION_SECRET": "s"}, "A: differs", "1 of 2 equal"),
        ({"SESSION_SECRET": "s"}, "A: is on one side only", "1 of 2 equal"),
        ({**WHOLE, "B": "x"}, "B: is on one side only", "2 of 2 equal"),
        ({}, "A: is on one side only", "0 of 2 equal"),
    ],
)
def test_a_value_that_differs_is_named_and_not_shown(seen: dict[str, str], named: str, observed: str) -> None:
    said = environment(seen, WHOLE).unchanged()
    assert said.outcome is Outcome.FAILED
    assert named in said.findings
    assert said.observed.startswith(observed)


def test_a_replaced_session_secret_fails_and_a_lost_one_too() -> None:
    for seen in ({"A": "1", "SESSION_SECRET": "other"}, {"A": "1"}):
        said = environment(seen, WHOLE).session_unchanged()
        assert said.outcome is Outcome.FAILED
        assert "other" not in str(said)


def test_without_commitments_nothing_is_said_to_be_equal() -> None:
    assert environment(WHOLE, None).unchanged().outcome is Outcome.NOT_VERIFIED
    assert environment(WHOLE, None).session_unchanged().outcome is Outcome.NOT_VERIFIED
    assert environment(WHOLE, {"A": "1"}).session_unchanged().outcome is Outcome.NOT_VERIFIED


def test_a_missing_and_a_surplus_variable_are_incomplete() -> None:
    assert environment({"A": "1"}, None).complete().findings == ("SESSION_SECRET: missing",)
    assert environment({**WHOLE, "B": ""}, None).complete().findings == ("B: not in the catalogue",)
    assert environment({"A": "2"}, None).pins().outcome is Outcome.FAILED
    assert environment({}, None).pins().outcome is Outcome.FAILED


def test_a_service_that_nobody_could_ask_refused_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise EnvironmentUnfitError("db: the address does not resolve")

    monkeypatch.setattr(credentials, "_attempts", lambda restore_context: iter([("URL", away)]))
    none: Any = None
    with pytest.raises(EnvironmentUnfitError, match="does not resolve"):
        CredentialSurvey.look(none)


def test_the_role_is_the_one_of_the_address() -> None:
    vault = Vault({"URL": "postgresql://we%20b:pw@db/shop"}, b"")
    restore_context: Any = SimpleNamespace(stack_context=SimpleNamespace(vault=vault))
    assert role_of(restore_context, "URL") == "we b"


def test_a_refused_credential_is_named_by_the_kind_of_refusal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(error: Exception) -> Any:
        def attempt() -> None:
            raise error

        return attempt

    attempts = [
        ("URL", refuse(DatabaseError("OperationalError", "password hunter2 is wrong"))),
        ("mail", refuse(smtplib.SMTPAuthenticationError(535, b"hunter2"))),
        ("pair", refuse(ValueError("hunter2"))),
        ("absent", refuse(ContractError("has no hunter2"))),
        ("down", refuse(ConnectionRefusedError("hunter2"))),
        ("good", lambda: None),
    ]
    monkeypatch.setattr(credentials, "_attempts", lambda restore_context: iter(attempts))
    none: Any = None
    said = CredentialSurvey.look(none).accepted()
    assert (said.outcome, said.examined, said.findings_total) == (Outcome.FAILED, 6, 5)
    assert said.observed == "1 of 6 accepted"
    assert "hunter2" not in str(said)
    assert CredentialSurvey(0, Findings()).accepted().outcome is Outcome.NOT_VERIFIED


def test_without_a_way_to_the_service_nothing_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpublished() -> None:
        raise EnvironmentUnfitError("the edge does not publish 9443")

    monkeypatch.setattr(credentials, "_attempts", lambda restore_context: iter([("pair", unpublished)]))
    none: Any = None
    with pytest.raises(EnvironmentUnfitError, match="does not publish 9443"):
        CredentialSurvey.look(none)


def pair(key: ec.EllipticCurvePrivateKey, expires: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(POINT - timedelta(days=90))
        .not_valid_after(expires)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def test_a_certificate_must_fit_its_key_and_have_been_valid_at_the_recovery_point() -> None:
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    values = {
        "GOOD": pair(own, POINT + timedelta(days=1)),
        "FOREIGN": pair(other, POINT + timedelta(days=1)),
        "EXPIRED": pair(own, POINT - timedelta(days=1)),
        "TORN": base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAAAA").decode(),
        "KEY": base64.b64encode(pem).decode(),
    }
    vault = Vault(values, b"")
    _belong_together(vault, "GOOD", "KEY", POINT)
    for name, words in (("FOREIGN", "is not for"), ("EXPIRED", "had expired"), ("TORN", ".")):
        with pytest.raises(ValueError, match=words):
            _belong_together(vault, name, "KEY", POINT)

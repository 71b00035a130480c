"""The realm against the catalogue, its logins, and the application's users in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from keycloak.exceptions import KeycloakAuthenticationError

from restoreproof.assets.keycloak import KeycloakAsset, RealmClient, thumbprint
from restoreproof.assets.vault import Vault
from restoreproof.checks import identity
from restoreproof.checks.base import Findings
from restoreproof.checks.identity import Accounts, Logins, RealmSurvey, grant, keycloak_asset
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.outcome import Outcome
from restoreproof.runtimes.base import Endpoint

COUNTS = {"users": 3, "clients": 2}
KEYS = {"kid-1": "thumb-1", "kid-2": "thumb-2"}


def test_a_realm_as_it_was_passes() -> None:
    found = RealmSurvey("shop", COUNTS, KEYS, COUNTS, KEYS)
    assert found.whole().outcome is found.same_keys().outcome is Outcome.PASSED


@pytest.mark.parametrize("counts", [{"users": 2, "clients": 2}, {"users": 4, "clients": 2}, {"users": 3}])
def test_a_lost_or_surplus_user_fails(counts: dict[str, int]) -> None:
    assert RealmSurvey("shop", counts, KEYS, COUNTS, KEYS).whole().outcome is Outcome.FAILED


@pytest.mark.parametrize("keys", [{"kid-1": "thumb-1"}, {**KEYS, "kid-2": "new"}, {**KEYS, "kid-3": "x"}, {}])
def test_other_signing_keys_fail(keys: dict[str, str]) -> None:
    assert RealmSurvey("shop", COUNTS, keys, COUNTS, KEYS).same_keys().outcome is Outcome.FAILED


def test_without_a_catalogue_the_realm_is_not_verified() -> None:
    found = RealmSurvey("shop", COUNTS, KEYS, None, None)
    assert found.whole().outcome is found.same_keys().outcome is Outcome.NOT_VERIFIED


def test_logins_pass_when_all_are_granted_and_somebody_tried() -> None:
    refused = Findings()
    assert Logins(("web",), refused).accepted().outcome is Outcome.PASSED
    assert Logins((), refused).accepted().outcome is Outcome.NOT_VERIFIED
    refused.add("client web: refused with 401")
    assert Logins(("web", "agent"), refused).accepted().outcome is Outcome.FAILED


def test_without_a_way_to_the_realm_no_client_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpublished(*_: object) -> None:
        raise EnvironmentUnfitError("the edge does not publish 8080")

    asset = SimpleNamespace(clients={"web": None})
    monkeypatch.setattr(identity, "keycloak_asset", lambda restore_context, name: asset)
    monkeypatch.setattr(identity, "grant", unpublished)
    none: Any = None
    with pytest.raises(EnvironmentUnfitError, match="does not publish 8080"):
        Logins.look(none, asset="identity")


def accounts(monkeypatch: pytest.MonkeyPatch, users: list[str], realm: set[str], of: int | None) -> Outcome:
    asset = SimpleNamespace(subjects=lambda stack_context, kept: frozenset(realm))
    monkeypatch.setattr(identity, "keycloak_asset", lambda restore_context, name: asset)
    monkeypatch.setattr(identity, "rows", lambda restore_context, dataset: iter({"id": one} for one in users))
    monkeypatch.setattr(identity, "expected_rows", lambda restore_context, dataset: of)
    restore_context: Any = SimpleNamespace(stack_context=None, backup=SimpleNamespace(references={}))
    return Accounts.look(restore_context, dataset="users", asset="identity").known().outcome


def test_every_user_of_the_application_must_be_in_the_realm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accounts(monkeypatch, ["a", "b"], {"a", "b", "c"}, 2) is Outcome.PASSED
    assert accounts(monkeypatch, ["a", "b"], {"a"}, 2) is Outcome.FAILED
    assert accounts(monkeypatch, ["a"], {"a"}, 2) is Outcome.FAILED
    assert accounts(monkeypatch, [], {"a"}, 0) is Outcome.NOT_VERIFIED
    assert accounts(monkeypatch, ["a"], {"a"}, None) is Outcome.NOT_VERIFIED


class Refusing:
    """A Keycloak client whose secret is wrong."""

    def __init__(self, **_: Any) -> None: ...

    def token(self, **_: Any) -> None:
        raise KeycloakAuthenticationError(error_message="hunter2", response_code=401)

    introspect = token


@pytest.mark.parametrize("flow", ["client_credentials", None])
def test_a_refused_client_is_told_by_its_status_alone(
    monkeypatch: pytest.MonkeyPatch, flow: str | None
) -> None:
    monkeypatch.setattr(identity, "KeycloakOpenID", lambda **options: SimpleNamespace(
        token=Refusing().token, introspect=lambda token: Refusing().token()
    ))  # fmt: skip
    runtime = SimpleNamespace(endpoint=lambda service: Endpoint(service, service, "1.2.3.4", 80))
    stack_context = SimpleNamespace(vault=Vault({"ID": "web", "SECRET": "hunter2"}, b""), runtime=runtime)
    restore_context: Any = SimpleNamespace(stack_context=stack_context)
    keycloak: Any = SimpleNamespace(realm="shop", service="keycloak")
    with pytest.raises(RestoreproofError, match="refused with 401") as caught:
        grant(restore_context, keycloak, RealmClient(id="ID", secret="SECRET", grant=flow))
    assert "hunter2" not in str(caught.value)


def test_an_asset_that_is_no_keycloak_is_named() -> None:
    restore_context: Any = SimpleNamespace(stack_context=SimpleNamespace(asset=lambda name: object()))
    with pytest.raises(RestoreproofError, match="'rows' is no Keycloak"):
        keycloak_asset(restore_context, "rows")
    assert KeycloakAsset.after


def test_a_thumbprint_is_the_one_of_the_rfc() -> None:
    key = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1"
        "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4"
        "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
        "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
        "Cur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

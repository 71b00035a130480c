"""A realm counted by Keycloak's tables and by its admin API: one Keycloak, one answer, one verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from keycloak import KeycloakAdmin

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.database import DatabaseError
from restoreproof.assets.keycloak import KeycloakAsset
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.realm import admin
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.missing import NotInTarget, PartMissing
from restoreproof.checks.identity import RealmSurvey
from restoreproof.drill.missing_parts import Absences, Present
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.outcome import Outcome
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Start

PEOPLE = ("anna", "bert", "carl", "dora", "emil")
REALM = {
    "realm": "shop",
    "enabled": True,
    "roles": {
        "realm": [{"name": "buyer"}, {"name": "seller"}],
        "client": {"till": [{"name": "refund"}, {"name": "open"}]},
    },
    "groups": [{"name": "staff", "subGroups": [{"name": "night"}, {"name": "day"}]}, {"name": "guests"}],
    "clients": [{"clientId": "till", "secret": "till-secret", "serviceAccountsEnabled": True}],
    "users": [
        {
            "username": name,
            "enabled": True,
            "credentials": [{"type": "password", "value": f"{name}-password"}] if name != "emil" else [],
            "realmRoles": ["buyer"],
            "clientRoles": {"till": ["refund", "open"]} if name == "anna" else {},
        }
        for name in PEOPLE
    ]
    + [
        {
            "username": "service-account-till",
            "enabled": True,
            "serviceAccountClientId": "till",
            "realmRoles": ["seller"],
        }
    ],
}

Look = Callable[[], RealmSurvey]


@pytest.fixture(scope="module")
def keycloak(stack_context: StackContext) -> KeycloakAdmin:
    """A real Keycloak with that realm, as its administrator meets it."""
    with connect(stack_context.runtime, "source", "postgres", readonly=False, autocommit=True) as connection:
        connection.execute("create role keycloak login password 'idp-password'")
        connection.execute("create database keycloak owner keycloak")
    url = Secret("idp", "postgresql://keycloak:idp-password@source:5432/keycloak")
    files = {"import/realm.json": json.dumps(REALM).encode()}
    stack_context.runtime.start("keycloak", Start(environment={"IDP_DATABASE_URL": url}, files=files))
    endpoint, administrator = (
        stack_context.runtime.endpoint("keycloak"),
        stack_context.runtime.administrator("keycloak"),
    )
    return KeycloakAdmin(
        server_url=f"http://{endpoint.address}:{endpoint.port}/",
        realm_name="shop",
        user_realm_name="master",
        username=administrator.user,
        password=administrator.password.reveal(),
    )


@pytest.fixture(scope="module")
def asset(stack_context: StackContext, keycloak: KeycloakAdmin) -> KeycloakAsset:
    found = stack_context.asset("identity")
    assert isinstance(found, KeycloakAsset)
    return found


@pytest.fixture(scope="module")
def managed(stack_context: StackContext, keycloak: KeycloakAdmin) -> StackContext:
    """The same ground where the contract's store is not among what runs."""
    absences = Absences(stack_context.emitter)

    def none() -> None:
        raise PartMissing("service", "the target has no such service")

    absences.bring("source", none)
    return replace(stack_context, runtime=Present(stack_context.runtime, absences))


@pytest.fixture(scope="module")
def ways(stack_context: StackContext, managed: StackContext) -> dict[str, StackContext]:
    return {"tables": stack_context, "admin API": managed}


@pytest.fixture
def looks(
    ways: dict[str, StackContext], asset: KeycloakAsset, restore_context: RestoreContext
) -> dict[str, Look]:
    """The check of the realm in both ways, against a catalogue of the realm as it is now."""
    known = {**asset.counts(ways["tables"]), "jwks": asset.signing_keys(ways["tables"])}
    catalogue = Catalogue.model_validate(
        {
            **{"set_id": "s", "stack": "shop", "manifest_sha256": "0" * 64},
            **{"taken_at": datetime.now(UTC), "recovery_point": datetime.now(UTC)},
            "assets": {"identity": {"kind": "keycloak", "holds": known}},
        }
    )

    def look(way: StackContext) -> Look:
        return lambda: RealmSurvey.look(
            RestoreContext(way, restore_context.backup, catalogue), asset="identity"
        )

    return {name: look(way) for name, way in ways.items()}


def test_both_ways_count_the_same(
    asset: KeycloakAsset, ways: dict[str, StackContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "PAGE", 2)
    counts = {name: asset.counts(way) for name, way in ways.items()}
    assert counts["tables"] == counts["admin API"]
    assert counts["tables"]["users"] == len(PEOPLE)
    assert counts["tables"]["credentials"] == len(PEOPLE) - 1
    assert counts["tables"]["groups"] == 4
    assert counts["tables"]["role_mappings"] >= len(PEOPLE) + 3
    assert asset.subjects(ways["tables"]) == asset.subjects(ways["admin API"])
    assert len(asset.subjects(ways["tables"])) == len(PEOPLE)


def test_both_ways_know_the_same_person(asset: KeycloakAsset, ways: dict[str, StackContext]) -> None:
    found = {asset.parameter(way, "canary") for way in ways.values()}
    assert len(found) == 1
    assert found <= asset.subjects(ways["tables"])
    assert {asset.parameter(way, "no such name") for way in ways.values()} == {None}


def test_a_deleted_user_fails_in_both_ways(looks: dict[str, Look], keycloak: KeycloakAdmin) -> None:
    assert {look().whole().outcome for look in looks.values()} == {Outcome.PASSED}
    keycloak.delete_user(str(keycloak.get_user_id("dora")))
    for look in looks.values():
        assert _findings(look) == {"users", "credentials", "role_mappings"}


def test_a_removed_credential_fails_in_both_ways(looks: dict[str, Look], keycloak: KeycloakAdmin) -> None:
    assert {look().whole().outcome for look in looks.values()} == {Outcome.PASSED}
    user = str(keycloak.get_user_id("carl"))
    [credential] = keycloak.get_credentials(user)
    keycloak.delete_credential(user, credential["id"])
    for look in looks.values():
        assert _findings(look) == {"credentials"}


def _findings(look: Look) -> set[str]:
    said = look().whole()
    assert said.outcome is Outcome.FAILED
    return {finding.partition(":")[0] for finding in said.findings}


def test_tables_beside_a_kept_realm_are_not_believed(
    stack_context: StackContext, asset: KeycloakAsset
) -> None:
    """A snapshot may hold another Keycloak's tables; of a realm that a provider kept Keycloak is asked."""
    stale = asset.model_copy(update={"database": "postgres"})
    with pytest.raises(DatabaseError, match="UndefinedTable"):
        stale.counts(stack_context)
    assert stale.counts(stack_context, kept=True) == asset.counts(stack_context)
    assert stale.subjects(stack_context, kept=True) == asset.subjects(stack_context)


class Unasked(Present):
    """The same target where nobody is named who may ask Keycloak."""

    def administrator(self, service: str) -> Credentials:
        if service == "keycloak":
            raise NotInTarget(service, "nobody is named who may ask it")
        return super().administrator(service)


def test_where_nobody_may_ask_only_tables_that_are_in_use_are_believed(
    stack_context: StackContext, asset: KeycloakAsset
) -> None:
    unasked = replace(stack_context, runtime=Unasked(stack_context.runtime, Absences(stack_context.emitter)))
    assert asset.counts(unasked, kept=True) == asset.counts(stack_context)
    with pytest.raises(PartMissing, match="nobody is named who may ask it"):
        asset.model_copy(update={"database": "postgres"}).counts(unasked, kept=True)


def test_a_realm_that_is_not_there_holds_nothing(asset: KeycloakAsset, ways: dict[str, StackContext]) -> None:
    gone = asset.model_copy(update={"realm": "gone"})
    assert [set(gone.counts(way).values()) for way in ways.values()] == [{0}, {0}]


def test_a_realm_that_is_not_there_is_lost(
    ways: dict[str, StackContext], restore_context: RestoreContext
) -> None:
    for way in ways.values():
        block = way.contract.assets["identity"]
        assets = {"identity": type(block).model_validate({**block.model_dump(), "realm": "gone"})}
        without = replace(way, contract=way.contract.model_copy(update={"assets": assets}))
        survey = RealmSurvey.look(RestoreContext(without, restore_context.backup, None), asset="identity")
        for said in (survey.whole(), survey.same_keys()):
            assert said.outcome is Outcome.FAILED
            assert said.findings == ("there is no realm 'gone'",)
        found = without.asset("identity")
        assert isinstance(found, KeycloakAsset)
        assert found.subjects(without) == frozenset(), "so that each of the application's users is an orphan"


def test_an_administrator_who_may_not_look_says_nothing_of_the_backup(
    asset: KeycloakAsset, managed: StackContext
) -> None:
    wrong: Any = Credentials("nobody", Secret("password", "wrong-password"))
    endpoint = managed.runtime.endpoint("keycloak")
    refused = r"refused a look at the realm 'shop' with 40[01]"
    with pytest.raises(EnvironmentUnfitError, match=refused) as caught:
        admin.Admin(endpoint, "shop", wrong).counts()
    assert "wrong-password" not in str(caught.value)

"""The restored realm: its people, clients and keys, and logins that work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakConnectionError, KeycloakError

from restoreproof.assets.base import RestoreContext, RestoreFailed
from restoreproof.assets.keycloak import KeycloakAsset, RealmClient, RealmKnown
from restoreproof.checks.base import Findings, compare, conclude, not_verified
from restoreproof.checks.objects import expected_rows, rows
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.outcome import Observation
from restoreproof.redaction.redactor import Secret


def keycloak_asset(restore_context: RestoreContext, name: str) -> KeycloakAsset:
    """Return the identity asset called ``name``."""
    asset = restore_context.stack_context.asset(name)
    if not isinstance(asset, KeycloakAsset):
        raise RestoreproofError(f"asset {name!r} is no Keycloak")
    return asset


@check("realm")
@dataclass(frozen=True, slots=True)
class RealmSurvey:
    """Holdings and published keys of a realm, beside the catalogue's; ``lost`` says why there are none."""

    realm: str
    counts: Mapping[str, int]
    keys: Mapping[str, str]
    known_counts: Mapping[str, int] | None
    known_keys: Mapping[str, str] | None
    lost: str | None = None

    @when('the realm of "{asset}" is compared with the catalogue')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> RealmSurvey:
        """Count what the restored realm holds and fetch what it publishes."""
        keycloak = keycloak_asset(restore_context, asset)
        recorded = restore_context.expected(asset, RealmKnown)
        with restore_context.stack_context.phase("realm"):
            try:
                published = keycloak.signing_keys(restore_context.stack_context)
            except RestoreFailed as lost:
                return cls(keycloak.realm, {}, {}, None, None, str(lost))
            counts = keycloak.counts(
                restore_context.stack_context, kept=asset in restore_context.backup.references
            )
            keys = {key["kid"]: key["thumbprint"] for key in published}
        return cls(
            keycloak.realm,
            counts,
            keys,
            {name: int(getattr(recorded, name)) for name in counts} if recorded else None,
            {key.kid: key.thumbprint for key in recorded.jwks} if recorded else None,
        )

    @then("it holds the users, clients, roles and credentials it held", states="users and clients")
    def whole(self) -> Observation:
        """As many users, clients, roles, groups and credentials as there were."""
        expected = f"the realm {self.realm} holds the users, clients, roles and credentials it held"
        if self.lost:
            return _gone(expected, self.lost)
        if self.known_counts is None:
            return not_verified(expected, "there is no catalogue to compare with")
        return compare(expected, self.known_counts, self.counts, unit="counts")

    @then("it publishes the signing keys it published", states="signing keys")
    def same_keys(self) -> Observation:
        """The signing keys are the ones from before, so that tokens issued then still verify."""
        expected = f"the realm {self.realm} publishes the signing keys it published"
        if self.lost:
            return _gone(expected, self.lost)
        if self.known_keys is None:
            return not_verified(expected, "there is no catalogue to compare with")
        return compare(expected, self.known_keys, self.keys, unit="keys")


def _gone(expected: str, why: str) -> Observation:
    findings = Findings()
    findings.add(why)
    return conclude(expected, "nothing", findings, examined=0, total=None)


@check("client grants")
@dataclass(frozen=True, slots=True)
class Logins:
    """Attempts to log in, one for each named client or person."""

    tried: Sequence[str]
    refused: Findings

    @when('each client of "{asset}" authenticates with its restored secret')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> Logins:
        """Let every client of the contract authenticate with its restored secret."""
        keycloak, refused = keycloak_asset(restore_context, asset), Findings()
        for name, client in keycloak.clients.items():
            try:
                grant(restore_context, keycloak, client)
            except EnvironmentUnfitError:
                raise  # nobody was asked, so nobody refused
            except RestoreproofError as error:
                refused.add(f"client {name}: {error.message}")
        return cls(tuple(keycloak.clients), refused)

    @then("each of them is granted a token")
    def accepted(self) -> Observation:
        """Every client got a token of the realm."""
        return conclude(
            "each of them is granted a token",
            f"{len(self.tried) - self.refused.total} of {len(self.tried)} granted",
            self.refused,
            examined=len(self.tried),
            total=len(self.tried) or None,
        )


def grant(restore_context: RestoreContext, keycloak: KeycloakAsset, client: RealmClient) -> None:
    """Authenticate ``client`` with its restored secret.

    A client without a grant of its own is proven by token introspection, which RFC 7662 allows only to an
    authenticated client.

    Raises:
        EnvironmentUnfitError: Keycloak did not answer.
        RestoreproofError: it refuses the client.
    """
    stack_context = restore_context.stack_context
    endpoint = stack_context.runtime.endpoint(keycloak.service)
    openid = KeycloakOpenID(
        server_url=f"{endpoint.url}/",
        verify=endpoint.authorities,
        realm_name=keycloak.realm,
        client_id=stack_context.vault.secret(client.id).reveal(),
        client_secret_key=stack_context.vault.secret(client.secret).reveal(),
    )
    try:
        if client.grant:
            granted = openid.token(grant_type=client.grant)
            stack_context.register_secrets(
                [Secret(f"access token of {client.id}", str(granted.get("access_token", "")))]
            )
        else:
            openid.introspect("no.such.token")
    except KeycloakConnectionError as error:
        raise EnvironmentUnfitError(f"{keycloak.service} did not answer: {error}") from error
    except KeycloakError as error:
        raise RestoreproofError(f"refused with {error.response_code}") from error


@check("accounts")
@dataclass(frozen=True, slots=True)
class Accounts:
    """The application's users and whether the realm knows each of them."""

    examined: int
    total: int | None
    orphans: Findings

    @when('the "{dataset}" are looked up in the realm of "{asset}"')
    @classmethod
    def look(
        cls,
        restore_context: RestoreContext,
        dataset: Annotated[str, Ref("dataset")],
        asset: Annotated[str, Ref("asset")],
    ) -> Accounts:
        """Join the application's users with the realm's by the id that tokens carry."""
        kept = asset in restore_context.backup.references
        subjects = keycloak_asset(restore_context, asset).subjects(restore_context.stack_context, kept=kept)
        orphans, examined = Findings(), 0
        for row in rows(restore_context, dataset):
            examined += 1
            if row["id"] not in subjects:
                orphans.add(f"{row['id']} is no user of the realm")
        return cls(examined, expected_rows(restore_context, dataset), orphans)

    @then("every one of them is known under the same id")
    def known(self) -> Observation:
        """Every application user is a user of the realm, under the same id."""
        return conclude(
            "every user of the application is a user of the realm under the same id",
            f"{self.examined - self.orphans.total} of {self.examined} joined",
            self.orphans,
            examined=self.examined,
            total=self.total,
        )

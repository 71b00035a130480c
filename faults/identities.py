"""The realm, the environment and the credentials in it."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_urlsafe

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.keycloak import KeycloakAsset
from restoreproof.faults.base import Fault, FaultMissed
from restoreproof.faults.damage import sql, start_again
from restoreproof.faults.setcopy import SetCopy

ENVIRONMENT = "restore/environment"
AS_CANARY = (
    "restore/proof-list",
    "restore/certificate-pdf",
    "restore/canonical-json",
    "restore/billing-report",
)

_OF_CANARY = "user_id = (select id from user_entity where username = :canary)"


def _in_keycloak(statement: str) -> Callable[[RestoreContext], None]:
    def damage(restore_context: RestoreContext) -> None:
        stack_context = restore_context.stack_context
        asset = stack_context.asset("identity")
        assert isinstance(asset, KeycloakAsset)
        values = {
            "canary": stack_context.vault.secret("CANARY_USER").reveal(),
            "agent": stack_context.vault.secret("AGENT_CLIENT_ID").reveal(),
        }
        with asset.connect(stack_context, readonly=False) as database:
            if database.execute(statement, values) == 0:
                raise FaultMissed(f"nothing was changed by: {statement}")

    return damage


def _rotate(restore_context: RestoreContext) -> None:
    """Take the realm's key providers away and start Keycloak again: it makes itself new ones."""
    _in_keycloak(
        "delete from component_config where component_id in (select id from component "
        "where provider_type = 'org.keycloak.keys.KeyProvider' "
        "and realm_id = (select id from realm where name = 'wipe')) and name in ('privateKey', 'certificate')"
    )(restore_context)
    start_again(restore_context, "keycloak")


def _environment(edit: Callable[[dict[str, str]], None]) -> Callable[[SetCopy], None]:
    return lambda copy: copy.edit_environment(edit)


def _stray(values: dict[str, str]) -> None:
    values["DEBUG_EVERYTHING"] = "1"


def _changed(values: dict[str, str]) -> None:
    values["WEBHOOK_URL"] += "?changed=1"


def _renamed(values: dict[str, str]) -> None:
    values["S3_BUCKET_EXPORTS"] += "-2"


def _misdirected(values: dict[str, str]) -> None:
    values["WEBHOOK_URL"] = values["WEBHOOK_URL"].replace("8026", "8027").rstrip("/") + "/nobody-listens"


def _other_session(values: dict[str, str]) -> None:
    values["SESSION_SECRET"] = token_urlsafe(len(values["SESSION_SECRET"]))[: len(values["SESSION_SECRET"])]


FAULTS = (
    Fault(
        "lost-role-mapping",
        "a user of the realm lost a role",
        ("restore/realm",),
        after="identity",
        on_stack=_in_keycloak(
            "delete from user_role_mapping where ctid = (select ctid from user_role_mapping where "
            f"not {_OF_CANARY} and user_id in (select id from user_entity "
            "where service_account_client_link is null "
            "and realm_id = (select id from realm where name = 'wipe')) limit 1)"
        ),
    ),
    Fault(
        "lost-client",
        "a client of the realm was removed",
        ("restore/realm",),
        also=("restore/client-grants", "restore/credentials"),
        after="identity",
        on_stack=_in_keycloak(
            "update client set realm_id = (select id from realm where name = 'master') "
            "where client_id = :agent"
        ),
    ),
    Fault(
        "rotated-realm-key",
        "the realm signs with another key than before",
        ("restore/realm",),
        after="identity",
        on_stack=_rotate,
    ),
    Fault(
        "wrong-client-secret",
        "the realm expects another secret of a client",
        ("restore/client-grants",),
        also=("restore/credentials",),
        after="identity",
        on_stack=_in_keycloak("update client set secret = 'another' where client_id = :agent"),
    ),
    Fault(
        "wrong-password",
        "the database expects another password of the schema's owner",
        ("restore/credentials",),
        after="secrets",
        on_stack=sql("alter role wipe password 'another'"),
    ),
    Fault(
        "lost-password",
        "a user's password did not come back",
        ("restore/login",),
        also=AS_CANARY,
        after="smoke",
        on_stack=_in_keycloak(f"delete from credential where {_OF_CANARY}"),
    ),
    Fault(
        "stray-variable",
        "the environment holds a variable nobody requires",
        (ENVIRONMENT,),
        on_set=_environment(_stray),
    ),
    Fault(
        "changed-variable",
        "a variable has another value than was backed up",
        (ENVIRONMENT,),
        on_set=_environment(_changed),
    ),
    Fault(
        "renamed-bucket",
        "the environment names another bucket than the contract pins",
        (ENVIRONMENT,),
        on_set=_environment(_renamed),
    ),
    Fault(
        "misdirected-webhook",
        "the webhook address leads where nobody would notice a call",
        ("restore/no-effect",),
        also=(ENVIRONMENT,),
        on_set=_environment(_misdirected),
    ),
    Fault(
        "other-session-secret",
        "the frontend session secret was replaced",
        ("restore/session-secret",),
        also=(ENVIRONMENT,),
        on_set=_environment(_other_session),
    ),
)

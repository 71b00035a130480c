"""A realm by Keycloak's tables: what its dump brought back, without asking Keycloak."""

from __future__ import annotations

from collections.abc import Iterator

from restoreproof.assets.database import Database

_COUNTS = {
    "users": "select count(*) from user_entity where realm_id = :realm "
    "and service_account_client_link is null",
    "clients": "select count(*) from client where realm_id = :realm",
    "roles": "select count(*) from keycloak_role where realm_id = :realm",
    "groups": "select count(*) from keycloak_group where realm_id = :realm and type = 0",
    "credentials": "select count(*) from credential c join user_entity u on u.id = c.user_id "
    "where u.realm_id = :realm",
    "role_mappings": "select count(*) from user_role_mapping m join user_entity u on u.id = m.user_id "
    "where u.realm_id = :realm",
}
_PEOPLE = (
    "select u.id from user_entity u join realm r on r.id = u.realm_id "
    "where r.name = :realm and u.service_account_client_link is null"
)
_PERSON = (
    "select u.id from user_entity u join realm r on r.id = u.realm_id "
    "where r.name = :realm and u.username = :user"
)


class Tables:
    """The realm ``name`` in Keycloak's ``database``."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name

    def counts(self) -> dict[str, int]:
        realm = self._database.value("select id from realm where name = :name", {"name": self._name})
        return {name: int(self._database.value(sql, {"realm": realm})) for name, sql in _COUNTS.items()}

    def subjects(self) -> Iterator[str]:
        return (str(row["id"]) for row in self._database.rows(_PEOPLE, {"realm": self._name}))

    def subject_of(self, username: str) -> str | None:
        subject = self._database.value(_PERSON, {"realm": self._name, "user": username})
        return None if subject is None else str(subject)

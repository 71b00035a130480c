"""The tenants and people of the example, shared by the realm, the seeder and provisioning.

Ids are derived from names, so that the realm template can state them as literals
(a test holds the two together) and every seed joins the same Keycloak users.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("0d9f6a52-6e0c-5f0b-9d55-3f1c7a1e77a4")


@dataclass(frozen=True)
class Tenant:
    """One customer of the platform."""

    slug: str
    name: str
    country: str
    plan: str

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, f"tenant/{self.slug}")


@dataclass(frozen=True)
class Person:
    """One user of the realm; ``sub`` is their id in Keycloak."""

    username: str
    tenant: Tenant
    role: str

    @property
    def sub(self) -> UUID:
        return uuid5(NAMESPACE, f"user/{self.username}")

    @property
    def email(self) -> str:
        return f"{self.username}@{self.tenant.slug}.example"


AURORA: Final = Tenant("aurora", "Aurora Recycling AB", "SE", "enterprise")
BOREALIS: Final = Tenant("borealis", "Borealis Datentechnik GmbH", "DE", "business")
CIRRUS: Final = Tenant("cirrus", "Cirrus Refurb SAS", "FR", "starter")
TENANTS: Final = (AURORA, BOREALIS, CIRRUS)

CANARY: Final = Person("canary", AURORA, "tenant-admin")
PEOPLE: Final = (
    CANARY,
    Person("ada.lindqvist", AURORA, "tenant-admin"),
    Person("bo.okafor", AURORA, "operator"),
    Person("carla.meyer", BOREALIS, "tenant-admin"),
    Person("dmitri.rossi", BOREALIS, "auditor"),
    Person("elin.haddad", CIRRUS, "tenant-admin"),
    Person("farid.novak", CIRRUS, "operator"),
)

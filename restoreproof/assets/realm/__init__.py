"""A realm as it is counted: by Keycloak's own tables where they are there, else by its admin API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Realm(Protocol):
    """One realm. Both ways of looking give the same figures of the same Keycloak."""

    def counts(self) -> dict[str, int]:
        """Return how many users, clients, roles, groups, credentials and role mappings there are.

        Service accounts are no users; their credentials and role mappings count. A realm that is not there
        holds nothing.
        """

    def subjects(self) -> Iterator[str]:
        """Yield the ids of its people, as tokens carry them in ``sub``."""

    def subject_of(self, username: str) -> str | None:
        """Return the id of the person who logs in as ``username``."""

"""What the contract's nouns ask of a database: SQL, its tables, its structure. PostgreSQL is one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from restoreproof.backups.manifest import Sha256

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})
"""What a query gets that asks for nothing."""


class TableKnown(BaseModel):
    """Rows of a table; ``fingerprint`` is None where only the count was taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: NonNegativeInt
    fingerprint: Sha256 | None = None


@dataclass(frozen=True, slots=True)
class DatabaseTraits:
    """What a server tells of a database and of itself.

    Attributes:
        version: of the server, such as ``16.3``.
        collation: the locale that text is sorted by.
        provider: where the rules of that locale are from, such as ``ICU``.
        collation_version: their version; None where the server tells none.
        unversioned: the words that stand for a version of None.
        bytes: the size of the database on the server's disk.
        extensions: name to version.
    """

    version: str
    collation: str
    provider: str
    collation_version: str | None
    bytes: int
    extensions: Mapping[str, str]
    unversioned: str = "none"

    @property
    def collated(self) -> str:
        """How text sorts, in words."""
        return f"{self.provider} {self.collation}, version {self.collation_version or self.unversioned}"


class DatabaseError(Exception):
    """A database refused a login or a query, or did not answer.

    Args:
        name: what its client calls the refusal, such as ``UndefinedTable``.
        reason: its own words, without the rows and values that it quotes.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class Database(Protocol):
    """An open database. Each method may raise DatabaseError; ``:name`` in SQL stands for a parameter."""

    def rows(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query, column to value. They are streamed: memory does not grow with them."""

    def value(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Any:
        """Return the first column of the first row, or None if there is no row."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> int:
        """Run a statement and return how many rows it changed. It lasts only where ``readonly`` was false."""

    def tables(self) -> dict[str, TableKnown]:
        """Count and fingerprint the rows of every table; the order of rows does not matter."""

    def structure(self) -> dict[str, TableKnown]:
        """Count and fingerprint each kind of what is no row: policies, grants, constraints, indexes, …"""

    def roles(self) -> frozenset[str]:
        """Return the names of the server's roles, administrators left out."""

    def protected_tables(self, role: str) -> tuple[str, ...]:
        """Return the tables that ``role`` may read and whose rows a policy hides from it or shows to it."""

    def count(self, table: str) -> int:
        """Count the rows of ``table`` that whoever is logged in may see."""

    def traits(self) -> DatabaseTraits:
        """Ask the server what it is and how this database is set up."""

"""What the catalogue knows of a database: its tables, and the answers to the contract's queries."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.database import TableKnown


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetKnown(_Part):
    """Rows of a contract dataset at the recovery point."""

    rows: NonNegativeInt


class ChainHead(_Part):
    """The last link of one partition of a chain."""

    sequence: int
    hash: str


class ChainKnown(_Part):
    """A chain's rows and heads; a chain without partitions has one, under the empty name."""

    rows: NonNegativeInt
    heads: dict[str, ChainHead] = Field(default_factory=dict)


class QueriesKnown(BaseModel):
    """What the contract's queries of one database answered at its recovery point.

    ``queues`` maps queue → class → items; ``letters`` identifies each item of a queue, where the contract
    says how to tell them apart. A kind of database extends this with what only it knows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    datasets: dict[str, DatasetKnown] = Field(default_factory=dict)
    chains: dict[str, ChainKnown] = Field(default_factory=dict)
    queues: dict[str, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    letters: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class DatabaseKnown(QueriesKnown):
    """A database at its snapshot.

    ``tables`` go by name, ``structure`` by kind: it counts and fingerprints what is no row, policies, grants,
    constraints, indexes, sequences. ``roles`` are those of its server that the contract names.
    """

    tables: dict[str, TableKnown] = Field(default_factory=dict)
    structure: dict[str, TableKnown] = Field(default_factory=dict)
    roles: tuple[str, ...] = ()


def known_dataset(restore_context: RestoreContext, name: str) -> DatasetKnown | None:
    """Return what the catalogue counted of a dataset of the contract; None if it has no count."""
    database = restore_context.stack_context.contract.datasets[name].database
    part = restore_context.expected(database, QueriesKnown)
    return part.datasets.get(name) if part else None


def known_chain(restore_context: RestoreContext, name: str) -> ChainKnown | None:
    """Return where a chain ended when the backup was taken; None if the catalogue has none."""
    database = restore_context.stack_context.contract.chains[name].database
    part = restore_context.expected(database, QueriesKnown)
    return part.chains.get(name) if part else None


def known_queues(restore_context: RestoreContext) -> dict[str, dict[str, int]] | None:
    """Return queue → class → items of the backup over all databases; None without a catalogue."""
    if restore_context.catalogue is None:
        return None
    databases = dict.fromkeys(
        queue.database for queue in restore_context.stack_context.contract.queues.values()
    )
    parts = (restore_context.expected(database, QueriesKnown) for database in databases)
    return {name: dict(classes) for part in parts if part for name, classes in part.queues.items()}


def known_letters(restore_context: RestoreContext, queue: str) -> frozenset[str] | None:
    """Return the identity of each item that ``queue`` held at the backup; None if the catalogue has none."""
    database = restore_context.stack_context.contract.queues[queue].database
    part = restore_context.expected(database, QueriesKnown)
    letters = part.letters.get(queue) if part else None
    return None if letters is None else frozenset(letters)

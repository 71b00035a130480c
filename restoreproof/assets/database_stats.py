"""Answers of the contract's queries at a backup's snapshot, for the catalogue: datasets, queues, chains."""

from __future__ import annotations

from datetime import datetime

from restoreproof.assets.base import StackContext
from restoreproof.assets.database import Database
from restoreproof.assets.dataset import parameters
from restoreproof.assets.query_results import ChainHead, ChainKnown, DatasetKnown


def count_datasets(
    stack_context: StackContext, asset: str, database: Database, recovery_point: datetime
) -> dict[str, DatasetKnown]:
    """Count the rows of each dataset of ``asset`` at the snapshot: the N of "n of N".

    A dataset with ``of`` lists exceptions; what is counted then is what they are looked for among.
    """
    counts: dict[str, DatasetKnown] = {}
    for name, dataset in stack_context.contract.datasets.items():
        if dataset.database == asset:
            query = dataset.of or f"select count(*) from ({dataset.sql}) as counted"
            values = parameters(stack_context, query, recovery_point)
            counts[name] = DatasetKnown(rows=int(database.value(query, values)))
    return counts


def count_queues(stack_context: StackContext, asset: str, database: Database) -> dict[str, dict[str, int]]:
    """Count queue → class → items at the snapshot: a source that works on has others a moment later."""
    return {
        name: {str(row["kind"]): int(row["items"]) for row in database.rows(queue.sql)}
        for name, queue in stack_context.contract.queues.items()
        if queue.database == asset
    }


def identify_letters(
    stack_context: StackContext, asset: str, database: Database
) -> dict[str, tuple[str, ...]]:
    """List, for each queue, what tells an item from every other, where the contract says how."""
    return {
        name: tuple(sorted(str(row["item"]) for row in database.rows(queue.items)))
        for name, queue in stack_context.contract.queues.items()
        if queue.database == asset and queue.items
    }


def chain_heads(stack_context: StackContext, asset: str, database: Database) -> dict[str, ChainKnown]:
    """Read length and head of each hash chain, so that a chain whose tail is cut does not look whole."""
    chains: dict[str, ChainKnown] = {}
    for name, chain in stack_context.contract.chains.items():
        if chain.database != asset:
            continue
        part = chain.partition or "''"
        query = (
            "select part, sequence, hash, links from (select "
            f"{part} as part, {chain.sequence} as sequence, {chain.hash} as hash, "
            f"count(*) over (partition by {part}) as links, "
            f"row_number() over (partition by {part} order by {chain.sequence} desc) as place "
            f"from ({chain.sql}) as chained) as placed where place = 1 order by part"
        )
        heads = list(database.rows(query))
        chains[name] = ChainKnown(
            rows=sum(int(row["links"]) for row in heads),
            heads={
                str(row["part"]): ChainHead(sequence=int(row["sequence"]), hash=row["hash"]) for row in heads
            },
        )
    return chains

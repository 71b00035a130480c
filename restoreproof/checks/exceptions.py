"""Datasets of which no row is right, looked for among rows that there should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database, restored_parameters
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.objects import expected_rows, rows
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.outcome import Observation


@check("exceptions")
@dataclass(frozen=True, slots=True)
class Exceptions:
    """The rows of a dataset that should be empty, and how many were looked through for them.

    ``zero`` is the contract's word that there may be nothing to look through.
    """

    dataset: str
    findings: Findings
    looked_through: int
    total: int | None
    zero: bool = False

    @when('the restored rows are searched for "{dataset}"')
    @classmethod
    def look(cls, restore_context: RestoreContext, dataset: Annotated[str, Ref("dataset")]) -> Exceptions:
        """List the rows of a dataset whose right number is zero; ``of`` in the contract counts the rest."""
        stack_context, block = (
            restore_context.stack_context,
            restore_context.stack_context.contract.datasets[dataset],
        )
        findings = Findings()
        for row in rows(restore_context, dataset):
            findings.add(" ".join(str(value) for value in row.values()))
        with open_database(stack_context, block.database) as database:
            values = restored_parameters(restore_context, block.database, block.of or "")
            looked = database.value(block.of, values) if block.of else 0
        return cls(dataset, findings, int(looked), expected_rows(restore_context, dataset), block.zero)

    @then("there is none among them")
    def none(self) -> Observation:
        """There is no exception, and as many were looked through as the catalogue counted."""
        return conclude(
            f"no {self.dataset} among those the backup holds",
            f"{self.findings.total} found, {self.looked_through:,} looked through",
            self.findings,
            examined=self.looked_through,
            total=self.total,
            zero_is_right=self.zero,
        )

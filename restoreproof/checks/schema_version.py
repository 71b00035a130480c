"""The restored schema's version against the one that the deployed release expects."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.migrations import MigrationsAsset
from restoreproof.assets.release import describe
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation


@check("schema version", about="migrations")
@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """Where the migrations brought the database, and where the release wants it."""

    after: str | None
    wanted: str | None

    @when("the schema version is compared with the release")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> SchemaVersion:
        """Compare the restored schema's version with the one that the deployed release states."""
        stack_context = restore_context.stack_context
        histories = [asset for asset in stack_context.assets() if isinstance(asset, MigrationsAsset)]
        if len(histories) != 1:
            raise ContractError(f"{len(histories)} assets of kind migrations; the schema's version needs one")
        (migrations,) = histories
        wanted = describe(stack_context.contract.release_directory("expected")).get("migration_head")
        return cls(migrations.current(stack_context), None if wanted is None else str(wanted))

    @then("the schema is at the version that the release expects", states="schema version")
    def expected(self) -> Observation:
        """The schema is at the version that the release expects."""
        if self.wanted is None:
            return not_verified(
                "the schema is at the version that the release expects", "the release does not say which"
            )
        expected = f"the schema is at {self.wanted}, which the release expects"
        findings = Findings()
        if self.after != self.wanted:
            findings.add(f"the schema is at {self.after}")
        return conclude(expected, f"it is at {self.after}", findings, examined=1, total=1)

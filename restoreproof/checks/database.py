"""The restored database against the catalogue: rows, structure and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.database import TableKnown
from restoreproof.assets.dataset import open_database
from restoreproof.assets.query_results import DatabaseKnown
from restoreproof.assets.servers import roles_of
from restoreproof.backups import missing
from restoreproof.checks.base import compare, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.outcome import Observation, Outcome

_NAMED = 5
"""Names in a sentence."""
_ROWS = " rows"


@check("database")
@dataclass(frozen=True, slots=True)
class DatabaseSurvey:
    """Every table and every kind of structure, beside what the catalogue knows of them."""

    tables: Mapping[str, str]
    structure: Mapping[str, str]
    roles: Mapping[str, str]
    known_tables: Mapping[str, str] | None
    known_structure: Mapping[str, str] | None
    known_roles: Mapping[str, str] | None
    unknown_roles: str | None = None
    """Why the roles that are there say nothing: the drill made them up."""

    @when('the restored "{asset}" is compared with the catalogue')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> DatabaseSurvey:
        """Count and fingerprint the whole restored database of ``asset``, before anything has changed it."""
        stack_context = restore_context.stack_context
        with stack_context.phase("fingerprints"), open_database(stack_context, asset) as database:
            tables, structure, present = database.tables(), database.structure(), database.roles()
        servers = stack_context.asset(asset).stores()
        wanted = {role for server in servers for role in roles_of(stack_context.contract, server)}
        recorded = restore_context.expected(asset, DatabaseKnown)
        return cls(
            comparable(tables, recorded.tables if recorded else None),
            comparable(structure, recorded.structure if recorded else None),
            dict.fromkeys(present & wanted, "present"),
            comparable(recorded.tables) if recorded else None,
            comparable(recorded.structure) if recorded else None,
            dict.fromkeys(recorded.roles, "present") if recorded else None,
            restore_context.backup.lacks(missing.ROLES),
        )

    @then("every table holds the rows it held", states="rows")
    def rows(self) -> Observation:
        """Every table holds the very rows it held."""
        return self._compare("every table holds the rows it held at the backup", "tables", "rows")

    @then("its policies, grants, constraints and indexes are as they were", states="structure")
    def structures(self) -> Observation:
        """Policies, grants, constraints, indexes, triggers and sequences are what they were."""
        return self._compare(
            "policies, grants, constraints and indexes are as they were", "structure", "kinds"
        )

    @then("every role that owns or uses the data exists", states="roles")
    def role_inventory(self) -> Observation:
        """Every role that owns or uses the data is there."""
        expected = "every role that owns or uses the data exists"
        if self.unknown_roles:
            return not_verified(expected, self.unknown_roles)
        return self._compare(expected, "roles", "roles")

    def _compare(self, expected: str, subject: str, unit: str) -> Observation:
        recorded, restored = getattr(self, f"known_{subject}"), getattr(self, subject)
        if recorded is None:
            return not_verified(expected, "there is no catalogue to compare with")
        comparison = compare(expected, recorded, restored, unit="tables" if unit == "rows" else unit)
        counted = sorted(name for name, text in recorded.items() if text.endswith(_ROWS))
        if not counted or comparison.outcome is not Outcome.PASSED:
            return comparison
        names = ", ".join(counted[:_NAMED]) + (" …" if len(counted) > _NAMED else "")
        return not_verified(
            expected,
            f"{comparison.observed}, but the catalogue only counted {len(counted)} of them, and has no "
            f"fingerprint of what they held: {names}",
        )

    @then("every table holds as many rows as it held")
    def row_counts(self) -> Observation:
        """Every table has the number of rows that it had; which rows they are is not asked."""
        expected = "every table holds as many rows as it held at the backup, by their number alone"
        if self.known_tables is None:
            return not_verified(expected, "there is no catalogue to compare with")
        recorded, restored = _numbers(self.known_tables), _numbers(self.tables)
        return compare(expected, recorded, restored, unit="tables")


def _numbers(tables: Mapping[str, str]) -> dict[str, str]:
    """The number of rows alone, of what ``comparable`` says of each table."""
    return {name: text.partition(_ROWS)[0] for name, text in tables.items()}


def comparable(
    tables: Mapping[str, TableKnown], catalogued: Mapping[str, TableKnown] | None = None
) -> dict[str, str]:
    """Return each table's rows and fingerprint in words; rows alone where the catalogue counted only."""
    counted = {name for name, table in (catalogued or tables).items() if table.fingerprint is None}
    return {
        name: f"{table.rows:,}{_ROWS}" + ("" if name in counted else f" {table.fingerprint}")
        for name, table in tables.items()
    }

"""Isolation of tenants: what the application's role sees before it names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import log_in, open_database
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.credentials import role_of
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.outcome import Observation


@check("tenant isolation")
@dataclass(frozen=True, slots=True)
class TenantIsolation:
    """Rows that the application's role sees of protected tables when it names no tenant."""

    visible: Mapping[str, int]
    """Protected table to the rows of it that are seen."""

    @when('the protected rows of "{asset}" are read with "{variable}" as nobody')
    @classmethod
    def look(
        cls,
        restore_context: RestoreContext,
        asset: Annotated[str, Ref("asset")],
        variable: Annotated[str, Ref("variable")],
    ) -> TenantIsolation:
        """Count what the role of the restored ``variable`` sees of each protected table, naming no tenant."""
        with open_database(restore_context.stack_context, asset) as database:
            protected = database.protected_tables(role_of(restore_context, variable))
        with log_in(restore_context, variable) as application:
            return cls({table: application.count(table) for table in protected})

    @then("no protected row is visible")
    def nothing(self) -> Observation:
        """No row of any tenant is visible."""
        findings = Findings()
        for table, count in self.visible.items():
            if count:
                findings.add(f"{table}: {count} rows visible without a tenant")
        return conclude(
            "no tenant's rows are visible to the application before it names a tenant",
            f"{len(self.visible) - findings.total} of {len(self.visible)} protected tables show nothing",
            findings,
            examined=len(self.visible),
            total=len(self.visible) or None,
        )

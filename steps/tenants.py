"""Tenants, who must not see one another's rows."""

from __future__ import annotations

from typing import Annotated

from pytest_bdd import parsers, then, when

from restoreproof.checks.tenants import TenantIsolation
from restoreproof.contract.ref import Ref
from restoreproof.drill.inner.stages import Drill


@when(
    parsers.parse('the application looks at the "{asset}" with "{variable}" without naming a tenant'),
    target_fixture="survey",
)
def look_without_tenant(
    drill: Drill, asset: Annotated[str, Ref("asset")], variable: Annotated[str, Ref("variable")]
) -> TenantIsolation:
    return drill.look(TenantIsolation, asset=asset, variable=variable)


@then("it sees no tenant's rows")
def it_sees_no_tenants_rows(drill: Drill, survey: TenantIsolation) -> None:
    drill.observe(survey.nothing())

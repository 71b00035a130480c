"""The restored database against the catalogue: rows, structure, roles, isolation of tenants, exceptions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from psycopg import sql

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.database import TableKnown
from restoreproof.assets.database_stats import fingerprint_structure, fingerprint_tables
from restoreproof.assets.dataset import connect_asset
from restoreproof.assets.migrations import MigrationsAsset
from restoreproof.assets.postgres import PostgresKnown, roles_of
from restoreproof.assets.release import describe
from restoreproof.backups import missing
from restoreproof.checks.base import Findings, compare, conclude, not_verified
from restoreproof.checks.credentials import connect_as, role_of
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.events import Measured
from restoreproof.outcome import Observation, Outcome


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
        with (
            restore_context.stack_context.phase("fingerprints"),
            connect_asset(restore_context.stack_context, asset) as connection,
        ):
            tables, structure = fingerprint_tables(connection), fingerprint_structure(connection)
            present = connection.execute("select rolname as name from pg_roles where not rolsuper").fetchall()
        server = str(restore_context.stack_context.contract.assets[asset].model_dump()["service"])
        wanted = roles_of(restore_context.stack_context, server)
        roles = {str(row["name"]): "present" for row in present if row["name"] in wanted}
        known = restore_context.expected(asset, PostgresKnown)
        return cls(
            told(tables, known.tables if known else None),
            told(structure, known.structure if known else None),
            roles,
            told(known.tables) if known else None,
            told(known.structure) if known else None,
            dict.fromkeys(known.roles, "present") if known else None,
            restore_context.backup.lacks(missing.ROLES),
        )

    @then("every table holds the rows it held")
    def rows(self) -> Observation:
        """Every table holds the very rows it held."""
        return self._compare("every table holds the rows it held at the backup", "tables", "rows")

    @then("its policies, grants, constraints and indexes are as they were")
    def structures(self) -> Observation:
        """Policies, grants, constraints, indexes, triggers and sequences are what they were."""
        return self._compare(
            "policies, grants, constraints and indexes are as they were", "structure", "kinds"
        )

    @then("every role that owns or uses the data exists")
    def role_inventory(self) -> Observation:
        """Every role that owns or uses the data is there."""
        expected = "every role that owns or uses the data exists"
        if self.unknown_roles:
            return not_verified(expected, self.unknown_roles)
        return self._compare(expected, "roles", "roles")

    def _compare(self, expected: str, what: str, unit: str) -> Observation:
        known, seen = getattr(self, f"known_{what}"), getattr(self, what)
        if known is None:
            return not_verified(expected, "there is no catalogue to compare with")
        return compare(expected, known, seen, unit="tables" if unit == "rows" else unit)


def told(tables: Mapping[str, TableKnown], known: Mapping[str, TableKnown] | None = None) -> dict[str, str]:
    """``tables`` as they are compared: rows and fingerprint, but rows alone where ``known`` counted only."""
    counted = {name for name, one in (known or tables).items() if one.fingerprint is None}
    return {
        name: f"{one.rows:,} rows" + ("" if name in counted else f" {one.fingerprint}")
        for name, one in tables.items()
    }


@check("schema version")
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

    @then("the schema is at the version that the release expects")
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


@check("recovery point")
@dataclass(frozen=True, slots=True)
class Recovery:
    """The newest records that came back, against the recovery point and the objective."""

    ages: Mapping[str, float]
    recorded: frozenset[str]
    objective_s: float
    every_s: float | None

    @when("the newest restored records are compared with the recovery point")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> Recovery:
        """Age of each asset's newest restored record at the recovery point, in seconds; measured before any
        application process starts, so that nothing newer can have been written."""
        stack_context = restore_context.stack_context
        ages: dict[str, float] = {}
        for asset in stack_context.assets():
            if (newest := asset.newest_record(restore_context)) is not None:
                # Below zero where an asset was copied after the recovery point: no loss, but skew.
                age = ages[asset.name] = (
                    restore_context.backup.manifest.recovery_point - newest
                ).total_seconds()
                stack_context.emitter.emit(
                    Measured(
                        name=f"rpo.{asset.name}",
                        value=max(age, 0.0),
                        unit="s",
                        detail="",
                        newest_at=newest.isoformat(),
                    )
                )
        if ages:
            skew = max(ages.values()) - min(ages.values())
            stack_context.emitter.emit(
                Measured(name="rpo", value=max(0.0, *ages.values()), unit="s", detail="")
            )
            stack_context.emitter.emit(Measured(name="rpo.skew", value=skew, unit="s", detail=""))
        backup = stack_context.contract.backup
        known = restore_context.catalogue.newest if restore_context.catalogue else {}
        recorded = frozenset(known)
        return cls(
            ages, recorded, stack_context.contract.objectives.rpo_s, backup.every_s if backup else None
        )

    @then("none is older than the recovery point objective allows")
    def within(self) -> Observation:
        """The newest restored record of each asset is no older than the RPO allows."""
        if not self.ages:
            return not_verified("each newest record lies within the RPO", "no asset has a newest record")
        findings = Findings()
        for asset, age in self.ages.items():
            if age > self.objective_s:
                findings.add(f"{asset}: newest record {age / 60:.1f} min before the recovery point")
        for asset in sorted(self.recorded - self.ages.keys()):
            findings.add(f"{asset}: no record came back, though the catalogue knows of some")
        worst = max(0.0, *self.ages.values())
        return conclude(
            f"each newest record is at most {self.objective_s / 60:.0f} min older than the recovery point",
            f"at most {worst:.0f} s over {', '.join(sorted(self.ages))}",
            findings,
            examined=len(self.ages),
            total=len(self.recorded | self.ages.keys()),
        )

    @then("the assets come from one moment")
    def aligned(self) -> Observation:
        """The assets come from one moment: their newest records lie no further apart than the RPO."""
        if len(self.ages) < 2:
            only = ", ".join(sorted(self.ages)) or "no asset"
            return not_verified(
                "the assets lie within the RPO of one another", f"only {only} has a newest record"
            )
        skew = max(self.ages.values(), default=0.0) - min(self.ages.values(), default=0.0)
        findings = Findings()
        if skew > self.objective_s:
            findings.add(f"the assets are {skew / 60:.1f} min apart")
        return conclude(
            f"the assets lie at most {self.objective_s / 60:.0f} min apart",
            f"{skew:.0f} s between {', '.join(sorted(self.ages))}",
            findings,
            examined=len(self.ages),
            total=len(self.ages),
        )

    @then("the schedule loses no more than the objective allows")
    def schedule(self) -> Observation:
        """The schedule loses no more than the RPO when the next backup is the one that is missed."""
        expected = f"a backup at least every {self.objective_s / 60:.0f} min"
        if self.every_s is None:
            return not_verified(expected, "the contract states no schedule")
        outcome = Outcome.PASSED if self.every_s <= self.objective_s else Outcome.FAILED
        return Observation(
            outcome, expected, f"one every {self.every_s / 3600:.0f} h and no WAL archive", 1, 1
        )


@check("tenant isolation")
@dataclass(frozen=True, slots=True)
class TenantIsolation:
    """What the application's role sees when no tenant is set."""

    seen: Mapping[str, int]

    @when('the protected rows of "{asset}" are read with "{variable}" as nobody')
    @classmethod
    def look(
        cls,
        restore_context: RestoreContext,
        asset: Annotated[str, Ref("asset")],
        variable: Annotated[str, Ref("variable")],
    ) -> TenantIsolation:
        """Count what the role of the restored ``variable`` sees of each protected table, naming no tenant."""
        with connect_asset(restore_context.stack_context, asset) as connection:
            protected = connection.execute(
                "select c.relname as name from pg_class c where (c.relrowsecurity "
                "or exists (select 1 from pg_policy p where p.polrelid = c.oid)) "
                "and c.relnamespace = 'public'::regnamespace and exists (select 1 "
                "from information_schema.role_table_grants g "
                "where g.table_name = c.relname and g.grantee = %s and g.privilege_type = 'SELECT')",
                [role_of(restore_context, variable)],
            ).fetchall()
        seen: dict[str, int] = {}
        with connect_as(restore_context, variable) as application:
            for row in protected:
                name = str(row["name"])
                query = sql.SQL("select count(*) from {}").format(sql.Identifier("public", name))
                found = application.execute(query).fetchone()
                seen[name] = int(found[0]) if found else 0
        return cls(seen)

    @then("no protected row is visible")
    def nothing(self) -> Observation:
        """No row of any tenant is visible."""
        findings = Findings()
        for table, count in self.seen.items():
            if count:
                findings.add(f"{table}: {count} rows visible without a tenant")
        return conclude(
            "no tenant's rows are visible to the application before it names a tenant",
            f"{len(self.seen) - findings.total} of {len(self.seen)} protected tables show nothing",
            findings,
            examined=len(self.seen),
            total=len(self.seen) or None,
        )


@check("recovery time")
@dataclass(frozen=True, slots=True)
class RecoveryTimeSurvey:
    """How long the drill took until the platform served again.

    ``standing`` names what was in place before the drill began, and that no contract says survives.
    """

    seconds: float
    objective_s: float
    standing: tuple[str, ...] = ()

    @when("the time since the drill began is taken")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> RecoveryTimeSurvey:
        """Seconds since the drill began, on the clock that outer and inner process share."""
        stack_context = restore_context.stack_context
        for name, service in stack_context.contract.services.items():
            if not service.options().get("one_shot", False):
                stack_context.runtime.require(name)  # without it the platform is not back
        objectives = stack_context.contract.objectives
        in_place = (name for name, one in restore_context.backup.references.items() if one.in_place)
        standing = tuple(sorted(set(in_place) - set(objectives.survives)))
        return cls(time.monotonic() - stack_context.opened_mono, objectives.rto_s, standing)

    @then("service was back within the recovery time objective")
    def within(self) -> Observation:
        """Service was back within the RTO, counted from the beginning of the fetch."""
        outcome = Outcome.PASSED if self.seconds <= self.objective_s else Outcome.FAILED
        expected = f"service is back within {self.objective_s / 3600:g} h"
        observed = f"back after {self.seconds:.0f} s, smoke verifications included"
        if outcome is Outcome.PASSED and self.standing:
            named = ", ".join(self.standing)
            return not_verified(
                expected, f"{observed}; but nothing was restored of {named}: in place, it took no time"
            )
        return Observation(outcome, expected, observed, 1, 1)

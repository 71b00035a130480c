"""The job queue in PostgreSQL: leases that end by themselves, retries with backoff, dead letters.

A job's effects on the database commit together with its completion; its effects elsewhere happen
at least once, so handlers are written to be repeated.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, insert, or_, select, update

from wipe_platform import tables

LEASE: Final = timedelta(seconds=60)
MAX_ATTEMPTS: Final = 5
BACKOFF: Final = timedelta(seconds=10)


class PermanentFailure(Exception):
    """Trying again cannot help; the job goes to the dead letters at once."""


@dataclass(frozen=True)
class Job:
    """A leased job; ``attempts`` counts this one."""

    id: int
    tenant_id: UUID
    kind: str
    payload: dict[str, str]
    attempts: int


def enqueue(connection: Connection, tenant_id: UUID, kind: str, payload: dict[str, str]) -> int:
    """Queue a job; it exists once the caller's transaction commits."""
    values = insert(tables.jobs).values(tenant_id=tenant_id, kind=kind, payload=payload)
    return int(connection.execute(values.returning(tables.jobs.c.id)).scalar_one())


def lease(connection: Connection, worker: str) -> Job | None:
    """Take the oldest job that is due, or whose lease ran out with its worker; None when there is none."""
    jobs = tables.jobs
    due = (
        select(jobs.c.id)
        .where(
            or_(
                (jobs.c.state == "queued") & (jobs.c.run_after <= func.now()),
                (jobs.c.state == "leased") & (jobs.c.lease_until < func.now()),
            )
        )
        .order_by(jobs.c.run_after, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = connection.execute(
        update(jobs)
        .where(jobs.c.id == due)
        .values(
            state="leased",
            leased_by=worker,
            lease_until=func.now() + LEASE,
            attempts=jobs.c.attempts + 1,
        )
        .returning(jobs.c.id, jobs.c.tenant_id, jobs.c.kind, jobs.c.payload, jobs.c.attempts)
    ).one_or_none()
    return Job(*taken) if taken else None


def complete(connection: Connection, job: Job) -> None:
    """Mark the job done, in the transaction that holds its effects."""
    _settle(connection, job, state="done", finished_at=func.now())


def fail(connection: Connection, job: Job, error: Exception) -> bool:
    """Put the job back for later, or among the dead letters; True when it is dead."""
    if job.attempts < MAX_ATTEMPTS and not isinstance(error, PermanentFailure):
        _settle(connection, job, state="queued", run_after=func.now() + BACKOFF * 2**job.attempts)
        return False
    _settle(connection, job, state="dead", finished_at=func.now())
    connection.execute(
        insert(tables.dead_letters).values(
            job_id=job.id,
            tenant_id=job.tenant_id,
            kind=job.kind,
            payload=job.payload,
            error_class=type(error).__name__,
            error=str(error)[:2000],
        )
    )
    return True


def _settle(connection: Connection, job: Job, **values: object) -> None:
    statement = update(tables.jobs).where(tables.jobs.c.id == job.id)
    connection.execute(statement.values(lease_until=None, leased_by=None, **values))

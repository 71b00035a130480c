"""Submissions, the queue, and the maintenance worker, on a real database."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from obstore.store import MemoryStore
from sqlalchemy import func, insert, select, text, update
from wipe_platform import maintenance, queue, tables
from wipe_platform.database import as_tenant
from wipe_platform.erasure_proof import ErasureProof, InvalidProof
from wipe_platform.identity import Principal
from wipe_platform.queue import PermanentFailure
from wipe_platform.submission import Conflict, Intake, KeyReused, NotLicensed

from conftest import KEY, PUBLIC, Customer, Database, LocalSigner

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def proof_of(agent_id: UUID, serial: str = "WD-1") -> bytes:
    return ErasureProof(serial, "dod3", NOW, agent_id, b"n" * 16, b"r" * 100).sign(KEY)


@pytest.fixture
def intake(database: Database, signer: LocalSigner) -> Intake:
    return Intake(database.engine("wipe_app"), MemoryStore(), signer)  # type: ignore[arg-type]


@pytest.fixture
def caller(customer: Customer) -> Principal:
    return Principal("s", "agent", customer.id, frozenset())


def count(database: Database, table: str) -> int:
    with database.owner() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def test_a_submission_writes_everything_once_however_often_it_is_sent(
    database: Database, intake: Intake, caller: Principal, customer: Customer
) -> None:
    der = proof_of(customer.agent_id)
    first = intake.submit(caller, "key-00001", der)
    assert intake.submit(caller, "key-00001", der) == first
    for table in ("proofs", "consumption_receipts", "audit_log", "jobs", "idempotency_keys"):
        assert count(database, table) == 1, table


def test_a_key_with_other_content_is_refused(intake: Intake, caller: Principal, customer: Customer) -> None:
    intake.submit(caller, "key-00001", proof_of(customer.agent_id))
    with pytest.raises(KeyReused):
        intake.submit(caller, "key-00001", proof_of(customer.agent_id, "WD-2"))


def test_a_key_in_progress_is_a_conflict_until_it_runs_out(
    database: Database, intake: Intake, caller: Principal, customer: Customer
) -> None:
    der = proof_of(customer.agent_id)
    intake.submit(caller, "key-00001", der)
    running = update(tables.idempotency_keys).values(state="in_progress", completed_at=None, response=None)
    with database.owner() as connection:
        connection.execute(running)
    with pytest.raises(Conflict):
        intake.submit(caller, "key-00001", der)
    with database.owner() as connection:
        connection.execute(running.values(expires_at=datetime.now(UTC)))
    assert intake.submit(caller, "key-00001", der)["status"] == 201


def test_a_failed_submission_leaves_no_row_and_a_key_that_may_be_used_again(
    database: Database, intake: Intake, caller: Principal, customer: Customer, signer: LocalSigner
) -> None:
    der = proof_of(customer.agent_id)
    vars(signer)["away"] = True
    with pytest.raises(ConnectionError):
        intake.submit(caller, "key-00001", der)
    assert count(database, "proofs") == count(database, "jobs") == 0
    vars(signer)["away"] = False
    assert intake.submit(caller, "key-00001", der)["receipt_seq"] == 1


def test_unknown_agents_foreign_agents_and_revoked_licenses_are_refused(
    database: Database, intake: Intake, caller: Principal, customer: Customer, other_customer: Customer
) -> None:
    for agent in (UUID(int=9), other_customer.agent_id):
        with pytest.raises(InvalidProof, match="not enrolled"):
            intake.submit(caller, "key-00001", proof_of(agent))
    revoke = update(tables.licenses).values(state="revoked", revoked_at=NOW)
    with database.owner() as connection:
        connection.execute(revoke.where(tables.licenses.c.tenant_id == customer.id))
    with pytest.raises(NotLicensed):
        intake.submit(caller, "key-00001", proof_of(customer.agent_id))


def test_a_job_is_leased_once_retried_and_then_dead(database: Database, customer: Customer) -> None:
    worker = database.engine("wipe_worker")
    with as_tenant(database.engine("wipe_app"), customer.id) as connection:
        job_id = queue.enqueue(connection, customer.id, "send-mail", {"to": "a"})
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        with worker.begin() as connection:
            job = queue.lease(connection, "w1")
            assert job is not None
            assert (job.id, job.attempts) == (job_id, attempt)
        with worker.begin() as connection:
            assert queue.lease(connection, "w2") is None
            assert queue.fail(connection, job, TimeoutError("slow")) is (attempt == queue.MAX_ATTEMPTS)
        with database.owner() as connection:
            connection.execute(update(tables.jobs).values(run_after=NOW))
    with database.owner() as connection:
        letter = connection.execute(select(tables.dead_letters)).one()
        assert (letter.kind, letter.error_class, letter.error) == ("send-mail", "TimeoutError", "slow")
        assert connection.execute(select(tables.jobs.c.state)).scalar_one() == "dead"


def test_a_permanent_failure_is_dead_at_once_and_a_lost_lease_is_taken_over(
    database: Database, customer: Customer
) -> None:
    with database.owner() as connection:
        lost = {"state": "leased", "leased_by": "gone", "lease_until": NOW, "attempts": 1}
        values = {"tenant_id": customer.id, "kind": "send-mail", "payload": {}, **lost}
        connection.execute(insert(tables.jobs).values(**values))
        job = queue.lease(connection, "w1")
        assert job is not None
        assert job.attempts == 2
        assert queue.fail(connection, job, PermanentFailure("never")) is True


def test_maintenance_examines_every_link_and_names_each_damage(
    database: Database, intake: Intake, caller: Principal, customer: Customer
) -> None:
    for number in range(6):
        intake.submit(caller, f"key-0000{number}", proof_of(customer.agent_id, f"WD-{number}"))
    publish_key(database)
    worker = database.engine("wipe_worker")
    with worker.begin() as connection:
        clean = maintenance.run(connection)
    assert (clean["examined"], clean["breaks"]) == (12, 0)
    with database.owner() as connection:
        connection.execute(text("delete from consumption_receipts where seq = 3"))
        edit = """update audit_log set payload = payload || '{"size_bytes": 1}' where seq = 2"""
        connection.execute(text(edit))
        connection.execute(text("update consumption_receipts set signature = 'AAAA' where seq = 5"))
    with worker.begin() as connection:
        damaged = maintenance.run(connection)
    chains = cast("list[dict[str, Any]]", damaged["chains"])
    found = {chain["chain"].split("/")[0]: [one["seq"] for one in chain["breaks"]] for chain in chains}
    assert found == {"audit": [2], "receipts": [4, 5]}


def publish_key(database: Database) -> None:
    with database.owner() as connection:
        row = {"key_id": "wipe-test", "public_key": PUBLIC, "state": "active"}
        connection.execute(insert(tables.signing_keys).values(**row))


def test_maintenance_expires_what_ran_out_and_resolves_what_was_stored(
    database: Database, intake: Intake, caller: Principal, customer: Customer
) -> None:
    intake.submit(caller, "stored-key", proof_of(customer.agent_id))
    now = datetime.now(UTC)
    day = timedelta(days=1)
    with database.owner() as connection:
        connection.execute(
            update(tables.idempotency_keys).values(state="in_progress", completed_at=None, response=None)
        )
        for key, expires_at in (("old-key", now - day), ("young-key", now + day)):
            connection.execute(
                insert(tables.idempotency_keys).values(
                    tenant_id=customer.id, key=key, request_sha256="0" * 64, state="in_progress",
                    created_at=now, expires_at=expires_at,
                )
            )  # fmt: skip
    with database.engine("wipe_worker").begin() as connection:
        report = maintenance.run(connection)
    assert report["idempotency_keys"] == {"resolved": 1, "expired": 1}
    with database.owner() as connection:
        keys = tables.idempotency_keys
        states = {row.key: row.state for row in connection.execute(select(keys.c.key, keys.c.state))}
        assert connection.execute(select(func.count()).select_from(tables.audit_log)).scalar_one() == 1
    assert states == {"stored-key": "completed", "old-key": "expired", "young-key": "in_progress"}

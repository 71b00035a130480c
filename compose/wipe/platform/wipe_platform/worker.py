"""``python -m wipe_platform.worker [--held]``: does the queued jobs, one after the other.

Held, it connects, says so in ``worker_heartbeats`` and takes no job; to resume, stop it and start
it without the flag. WORKER_NAME (default ``worker``) is its row there. SIGTERM ends it after the
job in hand. Every start, lease and end of a job is a JSON line with ``at`` on standard output.
"""

import argparse
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from types import FrameType

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from wipe_platform import queue, tables
from wipe_platform.database import engine_for
from wipe_platform.handlers import ACTOR, HANDLERS, Services
from wipe_platform.ledger import append_audit
from wipe_platform.logs import configure_logs, log_event
from wipe_platform.settings import Settings, refusing
from wipe_platform.signing import SignerClient
from wipe_platform.storage import Buckets

IDLE_SECONDS = 0.5


class Worker:
    """One worker: a heartbeat, and a job at a time."""

    def __init__(self, name: str, engine: Engine, services: Services) -> None:
        self._name = name
        self._engine = engine
        self._services = services
        self._started_at = datetime.now(UTC)
        self._stop = threading.Event()

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Signal handler: finish the job in hand, then end."""
        self._stop.set()

    def run(self, *, held: bool) -> None:
        """Until stopped: beat, and unless held work the queue down."""
        state = "held" if held else "running"
        if not held:
            self._publish_signing_keys()
        self._beat(state)
        log_event("worker-ready", worker=self._name, state=state)
        while not self._stop.is_set():
            self._beat(state)
            if held or not self.work_one():
                self._stop.wait(IDLE_SECONDS)
        self._beat("stopped")
        log_event("worker-stopped", worker=self._name)

    def work_one(self) -> bool:
        """Lease and do one job, whatever becomes of it; False when none was due."""
        with self._engine.begin() as connection:
            job = queue.lease(connection, self._name)
        if job is None:
            return False
        log_event("job-leased", job=job.id, kind=job.kind, attempt=job.attempts)
        try:
            with self._engine.begin() as connection:
                HANDLERS[job.kind](job, connection, self._services)
                queue.complete(connection, job)
        except Exception as error:  # noqa: BLE001  (any failure is this job's outcome, and is recorded)
            with self._engine.begin() as connection:
                dead = queue.fail(connection, job, error)
                self._audit_dead(connection, job, dead=dead)
            outcome = "job-dead" if dead else "job-failed"
            log_event(outcome, job=job.id, kind=job.kind, error=type(error).__name__, detail=str(error)[:300])
        else:
            log_event("job-done", job=job.id, kind=job.kind)
        return True

    def _audit_dead(self, connection: Connection, job: queue.Job, *, dead: bool) -> None:
        if dead:
            append_audit(connection, job.tenant_id, ACTOR, "job.dead", job=job.id, kind=job.kind)

    def _beat(self, state: str) -> None:
        beats = tables.worker_heartbeats
        values = {"state": state, "started_at": self._started_at, "at": func.clock_timestamp()}
        beat = insert(beats).values(worker=self._name, **values)
        with self._engine.begin() as connection:
            connection.execute(beat.on_conflict_do_update(index_elements=[beats.c.worker], set_=values))

    def _publish_signing_keys(self) -> None:
        # What the signer signs with today must be verifiable for as long as certificates live.
        keys = tables.signing_keys
        with self._engine.begin() as connection:
            known = set(connection.execute(select(keys.c.key_id)).scalars())
            for key in self._services.signer.published_keys():
                if key.key_id not in known:
                    created = datetime.fromisoformat(key.created)
                    connection.execute(
                        insert(keys).values(
                            key_id=key.key_id, public_key=key.public_key, state="active", created_at=created
                        )
                    )
                    append_audit(connection, None, ACTOR, "signing-key.published", key_id=key.key_id)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="wipe_platform.worker", description=__doc__)
    parser.add_argument("--held", action="store_true", help="take no job")
    held = parser.parse_args(argv).held
    configure_logs()
    settings = Settings.load()
    services = Services(settings, Buckets.connect(settings), SignerClient.connect(settings))
    name = os.environ.get("WORKER_NAME", "worker")
    worker = Worker(name, engine_for(settings.database_worker_url), services)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    log_event("worker-started", held=held)
    worker.run(held=held)


if __name__ == "__main__":
    sys.exit(refusing("worker", main))

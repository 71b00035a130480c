"""The job queue as a crash would leave it: done, open, leased by a dead worker, and dead letters."""

from datetime import datetime, timedelta
from uuid import UUID

from wipe_platform.identities import PEOPLE, TENANTS
from wipe_platform.seed.proofs import Issued, Proof
from wipe_platform.seed.scenario import Scenario

Row = dict[str, object]
DEAD_WORKER = "worker-lost-7f3a"

#: kind -> why a job of that kind died: (error class, message, how many)
DEATHS = {
    "send-mail": ("SMTPRecipientsRefused", "550 5.1.1 mailbox unavailable", 3),
    "deliver-webhook": ("ConnectTimeout", "the subscriber did not answer in 10 s", 3),
    "issue-certificate": ("MalformedProof", "the stored payload does not decode", 2),
}
#: kind -> how many wait
OPEN = {"issue-certificate": 8, "send-mail": 9, "deliver-webhook": 6, "export-billing": 3}
DONE = {"issue-certificate": 20, "send-mail": 20, "deliver-webhook": 20, "export-billing": 6}
#: every so many open jobs one was in the hands of the dead worker
LEASED_EVERY = 5


class Backlog:
    """Builds the rows of ``jobs`` and ``dead_letters``."""

    def __init__(self, scenario: Scenario, proofs: list[Proof], issued: list[Issued]) -> None:
        self._scenario = scenario
        self._issued = issued
        certified = {one.certificate.proof_id for one in issued}
        self._pending = [proof for proof in proofs if proof.id not in certified]
        self.jobs: list[Row] = []
        self.dead_letters: list[Row] = []
        self._build()

    def _build(self) -> None:
        now = self._scenario.now
        for kind, count in DONE.items():
            for _ in range(count):
                at = self._scenario.between(now - timedelta(days=20), now - timedelta(days=1))
                self._job(kind, "done", at, attempts=1, finished_at=at + timedelta(seconds=4))
        for kind, (error_class, error, count) in DEATHS.items():
            for _ in range(count):
                at = self._scenario.between(now - timedelta(days=10), now - timedelta(hours=2))
                job = self._job(kind, "dead", at, attempts=5, finished_at=at + timedelta(minutes=6))
                self._dead_letter(job, error_class, error)
        for kind, count in OPEN.items():
            for _ in range(count):
                self._open_job(kind, self._scenario.between(now - timedelta(minutes=20), now))

    def _open_job(self, kind: str, at: datetime) -> None:
        now = self._scenario.now
        if len(self.jobs) % LEASED_EVERY == 0:
            at = min(at, now - timedelta(minutes=3))
            lease_until = now - timedelta(minutes=2)
            self._job(kind, "leased", at, attempts=1, lease_until=lease_until, leased_by=DEAD_WORKER)
        else:
            self._job(kind, "queued", at, attempts=0)

    def _job(self, kind: str, state: str, at: datetime, **columns: object) -> Row:
        tenant_id, payload = self._payload(kind, state, at)
        unset: Row = {"lease_until": None, "leased_by": None, "finished_at": None}
        row: Row = {
            "id": len(self.jobs) + 1,
            "tenant_id": tenant_id,
            "kind": kind,
            "payload": payload,
            "state": state,
            "run_after": at,
            "created_at": at,
        }
        self.jobs.append(row | unset | columns)
        return self.jobs[-1]

    def _payload(self, kind: str, state: str, at: datetime) -> tuple[UUID, dict[str, str]]:
        rng = self._scenario.rng
        certificate = rng.choice(self._issued).certificate
        match kind:
            case "issue-certificate" if state == "done":
                return certificate.tenant_id, {"proof_id": str(certificate.proof_id)}
            case "issue-certificate":
                proof = self._pending.pop()
                return proof.agent.tenant.id, {"proof_id": str(proof.id)}
            case "send-mail":
                person = rng.choice(PEOPLE)
                subject = f"Your report of {at:%d %B %Y}"
                body = "Your certificates of erasure are ready: https://wipe.example:8443/api/certificates"
                return person.tenant.id, {"to": person.email, "subject": subject, "body": body}
            case "deliver-webhook":
                return certificate.tenant_id, {"event": "certificate.issued", "number": certificate.number}
            case _:
                return rng.choice(TENANTS).id, {"month": f"{at:%Y-%m}"}

    def _dead_letter(self, job: Row, error_class: str, error: str) -> None:
        copied = {name: job[name] for name in ("tenant_id", "kind", "payload")}
        self.dead_letters.append(
            copied
            | {
                "id": len(self.dead_letters) + 1,
                "job_id": job["id"],
                "error_class": error_class,
                "error": error,
                "created_at": job["finished_at"],
            }
        )

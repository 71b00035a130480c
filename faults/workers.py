"""Queues, workers and what leaves the platform; the order of the restore, and its objectives."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import httpx

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database
from restoreproof.faults.base import Fault
from restoreproof.faults.damage import DamagedBucket, sql, start_again
from restoreproof.waiting import NotReady, wait_until

QUEUES, EFFECTS, ORDER = "consistency/queue-state", "restore/no-effect", "restore/order"

_DEAD_LETTER = (
    "insert into dead_letters (job_id, tenant_id, kind, payload, error_class, error) "
    "select id, tenant_id, kind, payload, 'SomethingNew', 'nobody knows' from jobs order by id limit 1"
)


def _start_early(restore_context: RestoreContext) -> None:
    """Start the worker without its hold, and wait until it has taken a job."""
    stack_context = restore_context.stack_context
    start_again(restore_context, "worker")

    def mailed() -> None:
        with open_database(stack_context, "database") as database:
            done = database.value(
                "select count(*) from jobs where kind = 'send-mail' and state = 'done' "
                "and finished_at > now() - interval '1 minute'"
            )
        if not done:
            raise NotReady("no mail was sent yet")

    wait_until(mailed, what="the early worker's first mail", deadline_s=30, retry_on=(NotReady,))


def _send_mail(restore_context: RestoreContext) -> None:
    stack_context = restore_context.stack_context
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@wipe.example", "b@wipe.example", "Your invoice"
    message.set_content("sent before anybody approved it")
    endpoint = stack_context.runtime.endpoint("smtp")
    user, password = (stack_context.vault.secret(name).reveal() for name in ("SMTP_USER", "SMTP_PASSWORD"))
    with smtplib.SMTP(endpoint.address, endpoint.port, timeout=10) as client:
        client.login(user, password)
        client.send_message(message)


def _call_webhook(restore_context: RestoreContext) -> None:
    endpoint = restore_context.stack_context.runtime.endpoint("webhook")
    url = f"http://{endpoint.address}:{endpoint.port}/hook"
    httpx.post(url, json={"event": "early"}, timeout=10, trust_env=False).raise_for_status()


def _deliver(restore_context: RestoreContext) -> None:
    DamagedBucket(restore_context, "billing_drop").write("2026-11.csv", b"tenant,units\n", "text/csv")


def _forget_class(contract: Mapping[str, Any]) -> None:
    del contract["review"]["dead letters"]["deliver-webhook: ConnectTimeout"]


def _one_second(contract: Mapping[str, Any]) -> None:
    contract["objectives"]["rto"] = "1s"


FAULTS = (
    Fault(
        "unlisted-dead-letter",
        "a dead letter of a kind that the review does not list waits",
        (QUEUES,),
        stops="workers",
        after="workers-held",
        on_stack=sql(_DEAD_LETTER),
    ),
    Fault(
        "unlisted-class",
        "the review does not list a class of dead letters that the backup held",
        (QUEUES,),
        stops="workers",
        on_contract=_forget_class,
    ),
    Fault(
        "early-worker",
        "a worker was started before the review",
        (EFFECTS, QUEUES),
        also=("consistency/audit-log",),
        stops="workers",
        after="workers-held",
        on_stack=_start_early,
    ),
    Fault(
        "early-lease",
        "somebody took a job before the workers resumed, and has done nothing with it yet",
        (ORDER,),
        after="workers-held",
        on_stack=sql(
            "update jobs set state = 'leased', leased_by = 'early', "
            "lease_until = now() + interval '60 seconds' "
            "where id = (select min(id) from jobs where state = 'queued')"
        ),
    ),
    Fault(
        "early-mail",
        "a mail left before the review",
        (EFFECTS,),
        stops="workers",
        after="workers-held",
        on_stack=_send_mail,
    ),
    Fault(
        "early-webhook",
        "a webhook was called before the review",
        (EFFECTS,),
        stops="workers",
        after="workers-held",
        on_stack=_call_webhook,
    ),
    Fault(
        "early-delivery",
        "a billing file was delivered before the review",
        (EFFECTS,),
        stops="workers",
        after="workers-held",
        on_stack=_deliver,
    ),
    Fault(
        "dead-worker",
        "the worker does not run after it resumed",
        ("restore/canary",),
        also=(ORDER,),
        after="workers",
        on_stack=lambda restore_context: restore_context.stack_context.runtime.stop("worker"),
    ),
    Fault(
        "replayed-letter",
        "a dead letter was replayed when the workers resumed",
        ("restore/dead-letters-untouched",),
        after="workers",
        on_stack=sql("delete from dead_letters where id = (select min(id) from dead_letters)"),
    ),
    Fault(
        "swapped-stages", "the realm is restored before the objects", (ORDER,), swap=("objects", "identity")
    ),
    Fault(
        "short-objective",
        "service has to be back within a second",
        ("objectives/rto",),
        on_contract=_one_second,
    ),
)

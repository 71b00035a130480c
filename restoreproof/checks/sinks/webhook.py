"""Calls of somebody else's HTTP endpoint."""

from __future__ import annotations

import httpx

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.sinks.base import SinkRecorder
from restoreproof.checks.web import stack_client
from restoreproof.contract.interfaces import Sink


class Webhook(SinkRecorder):
    """One POST to the restored address, with the mark in its query."""

    def act(self, restore_context: RestoreContext, sink: Sink, mark: str) -> None:
        url = httpx.URL(restore_context.stack_context.vault.secret(sink.url or "").reveal())
        with stack_client(restore_context) as client:
            client.post(url.copy_add_param("control", mark), json={}).raise_for_status()


KIND = Webhook()

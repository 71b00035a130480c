"""Calls of somebody else's HTTP endpoint."""

from __future__ import annotations

import httpx

from restoreproof.assets.base import Restoring
from restoreproof.checks.outlets.base import Recorder
from restoreproof.checks.web import stack_client
from restoreproof.contract.models import Sink


class Webhook(Recorder):
    """One POST to the restored address, with the mark in its query."""

    def act(self, restoring: Restoring, sink: Sink, mark: str) -> None:
        url = httpx.URL(restoring.ground.vault.secret(sink.url or "").reveal())
        with stack_client(restoring) as client:
            client.post(url.copy_add_param("control", mark), json={}).raise_for_status()


OUTLET = Webhook()

"""Whether a Python service that runs elsewhere answers."""

from __future__ import annotations

from collections.abc import Callable

from restoreproof.components.python.options import PythonOptions
from restoreproof.components.python.readiness import ask
from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.runtimes.external.client import Client


class PythonClient(Client):
    """Client that asks what the contract's ``ready:`` says, and nothing without it."""

    def ask(self, service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
        options = PythonOptions.model_validate(service.options())
        if options.ready is not None:
            ask(options.ready, endpoint, start, log)


PART = PythonClient

"""What the sinks share as processes: each is a module of the harness, on the harness's own Python."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

import restoreproof
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.host.interpreter import harness_read
from restoreproof.runtimes.process.component import Launch, Site
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady


def launch(site: Site, start: Start, module: str) -> Launch:
    """Say how to start the sink ``module``: ready once GET /effects answers and its main port accepts."""
    package = Path(restoreproof.__file__).resolve().parent
    effects = site.port("effects", site.port("main"))
    environment: dict[str, str | Secret] = {
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "SINK_ADDRESS": site.address,
        "SINK_PORT": str(site.port("main")),
        "SINK_EFFECTS_PORT": str(effects),
        **start.environment,
    }

    def ask(_: str) -> None:
        answer = httpx.get(f"http://{site.address}:{effects}/effects", timeout=3, trust_env=False)
        if answer.status_code != httpx.codes.OK or not isinstance(answer.json().get("count"), int):
            raise NotReady(f"/effects answers {answer.status_code}")

    return Launch(
        argv=[sys.executable, "-m", module, *start.arguments],
        mounts=Mounts(read=(*harness_read(), package)),
        environment=environment,
        ready=ask,
        what=f"{site.name} tells what it has recorded",
    )

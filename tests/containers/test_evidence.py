"""However a drill in containers ends: what its containers said and were is kept before they are removed."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from restoreproof.waiting import NotReady, wait_until
from tests.containers.conftest import Left
from tests.workshop import ROOT, Workshop


def told_of(directory: Path) -> dict[str, dict[str, Any]]:
    """Service to what was inspected of its container; the logs of all are there."""
    told = json.loads((directory / "logs" / "containers.json").read_text())
    assert told["docker"]["Version"]
    services = {one["Config"]["Labels"].get("com.docker.compose.service"): one for one in told["containers"]}
    for name, one in services.items():
        assert one["ImageID"].startswith("sha256:")
        assert one["State"]["StartedAt"]
        assert not any("=" in variable for variable in one["Config"]["Env"]), f"{name}: values are secrets"
    assert (directory / "logs" / "postgres.log").stat().st_size > 0
    return services


def images_of(directory: Path) -> dict[str, str]:
    """Service to the digest that the journal has of its image, from when it was started."""
    events = [json.loads(line)["data"] for line in (directory / "journal.jsonl").read_text().splitlines()]
    return {one["service"]: one["digest"] for one in events if "digest" in one and "service" in one}


def test_of_one_that_failed(workshop: Workshop, left: Left) -> None:
    drilled = workshop.drill("--runtime", "compose", "--fault", "lost-row", "-k", "tables")
    assert drilled.record["verdict"] == "FAILED", drilled.output[-4000:]
    services = told_of(drilled.directory)
    assert {"postgres", "edge"} <= set(services)
    assert images_of(drilled.directory)["postgres"] == services["postgres"]["ImageID"]
    assert left(drilled.record["drill_id"]) == []


def test_of_one_that_was_interrupted(workshop: Workshop, left: Left) -> None:
    reports = workshop.reports()
    argv = workshop.argv(*workshop.drill_arguments(reports, "--runtime", "compose"))
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: _ready(reports), what="a service of the drill is ready", deadline_s=240)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=600)
    assert process.returncode == 3, output[-4000:]
    directory = (reports / "latest").resolve()
    services = told_of(directory)
    assert images_of(directory)["postgres"] == services["postgres"]["ImageID"]
    record = json.loads((directory / "record.json").read_text())
    assert any("interrupted" in reason for reason in record["incomplete"])
    assert left(directory.name) == []


def _ready(reports: Path) -> None:
    journal = reports / "latest" / "journal.jsonl"
    if not journal.exists() or '"service-ready"' not in journal.read_text():
        raise NotReady("no service is ready yet")

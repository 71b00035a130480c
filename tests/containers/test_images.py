"""An image may be named by its digest, and the evidence says which one ran."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.containers.conftest import Left
from tests.containers.registry import registry
from tests.workshop import ROOT, Workshop

POSTGRES = "restoreproof/wipe-postgres:18"


@pytest.fixture
def by_digest(client: docker.DockerClient) -> Iterator[str]:
    """PostgreSQL's image as ``name@sha256:…``, which it is called once it was pushed somewhere."""
    image = client.images.get(POSTGRES)
    with registry() as host:
        repository = f"{host}/wipe-postgres"
        assert image.tag(repository, "18")
        try:
            said = client.images.push(repository, "18", stream=True, decode=True)
            assert not [one["error"] for one in said if "error" in one]
            image.reload()
            [named] = [one for one in image.attrs["RepoDigests"] if one.startswith(repository)]
            yield named
            client.images.remove(named)
        finally:
            client.images.remove(f"{repository}:18")


def started(directory: Path, service: str) -> dict[str, Any]:
    """What the journal says of the service's start, and of the image that was named for it."""
    events = [json.loads(line) for line in (directory / "journal.jsonl").read_text().splitlines()]
    ours = [one for one in events if one["data"].get("service") == service]
    start = next(one["data"] for one in ours if one["type"] == "service-started")
    images = [
        one["data"] for one in ours if one["type"] == "override" and one["data"]["name"].startswith("image ")
    ]
    return {**start, "override": images}


def test_an_image_named_by_its_digest_runs_and_is_recorded(
    workshop: Workshop, by_digest: str, left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_IMAGE", by_digest)
    drilled = workshop.drill("--runtime", "compose", "-k", "tables")
    assert drilled.record["verdict"] == "PARTIAL", drilled.output[-4000:]
    told = started(drilled.directory, "postgres")
    assert told["digest"] == by_digest.rpartition("@")[2]
    assert told["source"] == f"image {by_digest}"
    [override] = told["override"]
    assert override["name"] == f"image {by_digest}"
    assert POSTGRES in override["why"]
    assert left(drilled.record["drill_id"]) == []


def test_an_image_named_by_its_id_does_too(
    workshop: Workshop, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = str(client.images.get(POSTGRES).id)
    monkeypatch.setenv("POSTGRES_IMAGE", image)
    drilled = workshop.drill("--runtime", "compose", "-k", "tables")
    assert drilled.record["verdict"] == "PARTIAL", drilled.output[-4000:]
    told = started(drilled.directory, "postgres")
    assert (told["digest"], told["source"]) == (image, f"image {image}")


def base_image(named: str) -> subprocess.CompletedProcess[str]:
    """What the script says to somebody whose BASE_IMAGE is ``named``."""
    return subprocess.run(
        [ROOT / "compose" / "base_image.sh"],
        env={**os.environ, "BASE_IMAGE": named},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_no_other_image_stands_in_for_the_base_image_that_somebody_named() -> None:
    """One that was made of Debian's packages earlier may be here; it is not what was asked for."""
    named = "registry.invalid/base:1"
    done = base_image(named)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert f"BASE_IMAGE names {named}, which is not here and can't be pulled" in done.stderr
    assert "next: " in done.stderr


def test_a_base_image_that_is_here_is_taken_by_its_name() -> None:
    done = base_image(POSTGRES)
    assert done.returncode == 0, done
    assert done.stdout.strip() == POSTGRES

"""What people get wrong and machines lack: told with the cause and the next step, and nothing is left."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.conftest import Left
from tests.containers.second import refused_here, second_daemon
from tests.workshop import CONTRACT, ROOT, Done, Workshop


@dataclass(frozen=True)
class Stack:
    """A copy of the reference stack whose compose file a test may spoil."""

    workshop: Workshop
    directory: Path

    @property
    def compose(self) -> Path:
        return self.directory / "compose.yaml"

    def line_of(self, text: str) -> str:
        """File and line, as a message names them."""
        whole = self.compose.read_text()
        return f"{self.compose}:{whole[: whole.index(text)].count(chr(10)) + 1}"

    def spoil(self, was: str, becomes: str) -> None:
        """Replace the one place where ``was`` stands."""
        text = self.compose.read_text()
        assert text.count(was) == 1, was
        self.compose.write_text(text.replace(was, becomes))

    def drill(self, reports: Path, *more: object, **environment: str) -> Done:
        """Drill it in containers."""
        arguments = self.workshop.drill_arguments(
            reports, "--runtime", "compose", *more, contract=self.directory / "stack.yaml"
        )
        return self.workshop.run(*arguments, **environment)


@pytest.fixture
def stack(workshop: Workshop, tmp_path: Path) -> Stack:
    """The reference stack, anew for each test."""
    directory = tmp_path / "stack"
    directory.mkdir()
    # It names releases and environments of the checkout relative to where it stands.
    (directory / "stack.yaml").write_text(CONTRACT.read_text().replace("../../", f"{ROOT}/"))
    (directory / "docker").mkdir()
    for name in ("compose.yaml", "runbook.md", "docker/edge.conf"):
        shutil.copyfile(CONTRACT.parent / name, directory / name)
    return Stack(workshop, directory)


def evidence_of(reports: Path, left: Left) -> dict[str, object]:
    """The record of a drill that did not come far; nothing else of it is there."""
    directory = (reports / "latest").resolve()
    assert left(directory.name) == []
    record: dict[str, object] = json.loads((directory / "record.json").read_text())
    assert (directory / "index.html").exists(), "the evidence is kept"
    return record


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('expose: ["9443"]', 'expose: ["9444"]', "service 'signer' exposes 9444; by the contract it is 9443"),
        (
            "ports:\n      - 127.0.0.1::5432",
            "ports:\n      - 127.0.0.1:5432:5432",
            "only '127.0.0.1::PORT' takes a random port",
        ),
        ("wipe-keycloak:26.7.3}", "wipe-keycloak:26.6.0}", "by the contract it is 26.7.3"),
    ],
)
def test_a_compose_file_of_another_stack_is_refused_before_anything_starts(
    stack: Stack, was: str, becomes: str, said: str
) -> None:
    stack.spoil(was, becomes)
    reports = stack.workshop.reports()
    done = stack.drill(reports)
    assert done.returncode == 2, done.output
    assert said in done.output
    assert stack.line_of(becomes) in done.output
    assert "next: " in done.output
    assert not (reports / "latest").exists(), "no drill was begun"


def test_a_variable_that_leads_to_other_data_is_refused_before_anything_starts(stack: Stack) -> None:
    """The linter reads the file with every variable at its default, and finds nothing."""
    mount = "- ${PGDATA_AT:-postgres-data}:/var/lib/postgresql"
    stack.spoil("- postgres-data:/var/lib/postgresql\n", f"{mount}\n")
    lint = ["lint", stack.directory / "stack.yaml", "--features", ROOT / "features"]
    assert stack.workshop.run(*lint).returncode == 0
    reports = stack.workshop.reports()
    done = stack.drill(reports, PGDATA_AT="./pgdata")
    assert done.returncode == 2, done.output
    assert f"has its data at /var/lib/postgresql in {stack.directory}/pgdata" in done.output
    assert "postgres-data:/var/lib/postgresql" in done.output
    assert not (reports / "latest").exists(), "no drill was begun"
    assert not (stack.directory / "pgdata").exists()


def test_a_compose_file_that_compose_refuses(stack: Stack) -> None:
    stack.spoil("  signer:\n    <<: *platform\n", "  signer:\n    <<: *platform\n    init: nonsense\n")
    done = stack.drill(stack.workshop.reports())
    assert done.returncode == 2, done.output
    assert "compose.yaml: docker compose refuses it" in done.output
    assert "nonsense" in done.output


def test_every_missing_image_is_named_with_its_services_and_the_next_step(stack: Stack) -> None:
    images = {"NGINX_IMAGE": "example.com/nginx:0", "S3_IMAGE": "restoreproof/no-such-image:1"}
    done = stack.drill(stack.workshop.reports(), **images)
    assert done.returncode == 3, done.output
    assert "the image example.com/nginx:0, for nginx, is not on this machine" in done.output
    assert "the image restoreproof/no-such-image:1, for s3, is not on this machine" in done.output
    assert "docker pull example.com/nginx:0 && make images" in done.output


def test_a_service_that_stays_unhealthy(stack: Stack, left: Left) -> None:
    check = "healthcheck: {<<: *health, interval: 1s, retries: 2, test: [CMD, sh, -c, echo I am ill; exit 1]}"
    text = stack.compose.read_text()
    begin = text.index("    healthcheck:", text.index("\n  postgres:"))
    end = text.index("\n  s3:", begin)
    stack.compose.write_text(f"{text[:begin]}    {check}{text[end:]}")
    reports = stack.workshop.reports()
    done = stack.drill(reports)
    assert done.returncode == 3, done.output
    assert "postgres becomes healthy: its health check failed time and again" in done.output
    assert "its health check says: I am ill" in done.output
    assert evidence_of(reports, left)["verdict"] == "NOT VERIFIED"


def test_a_port_that_the_edge_does_not_publish(stack: Stack, left: Left) -> None:
    """Nobody was asked, so nobody refused: it says nothing of the backup."""
    stack.spoil("      - 127.0.0.1::5432\n", "")
    edge = stack.directory / "docker" / "edge.conf"
    edge.write_text(
        edge.read_text().replace("        5432 postgres:5432;\n", "").replace("        listen 5432;\n", "")
    )
    reports = stack.workshop.reports()
    done = stack.drill(reports)
    assert done.returncode == 3, done.output
    published = stack.line_of("    ports:\n      - 127.0.0.1::8333")
    assert f"{published}: the edge does not publish 5432, the main port of postgres" in done.output
    assert "add `- 127.0.0.1::5432` there, and let the edge lead to postgres:5432" in done.output
    assert evidence_of(reports, left)["verdict"] == "NOT VERIFIED"


def test_a_volume_that_fills_while_it_is_restored(stack: Stack, left: Left) -> None:
    """A cluster fits on it, the restored database does not."""
    small = 'driver_opts: {type: tmpfs, device: tmpfs, o: "size=44m,uid=10001"}'
    stack.spoil("  postgres-data: {", f"  postgres-data: {{{small}, ")
    reports = stack.workshop.reports()
    done = stack.drill(reports)
    assert done.returncode == 3, done.output
    assert "the disk is full" in done.output
    assert "give the target's disk more room" in done.output
    assert evidence_of(reports, left)["verdict"] == "NOT VERIFIED"


@pytest.fixture
def small_disk(workshop: Workshop) -> Iterator[Path]:
    """A disk of 200 MB."""
    if reason := refused_here():
        pytest.skip(reason)
    place = workshop.directory / "small"
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_work_directory_without_room(stack: Stack, small_disk: Path, left: Left) -> None:
    for part in ("sets", "catalogue", "keys"):
        stack.workshop.copy_into(part, small_disk)
    reports = stack.workshop.reports()
    done = stack.drill(reports, "--var", small_disk)
    assert done.returncode == 3, done.output
    assert "MiB are free" in done.output
    assert str(small_disk) in done.output
    assert "next: free some space" in done.output
    assert evidence_of(reports, left)["verdict"] == "NOT VERIFIED"


def test_building_images_without_room(small_disk: Path) -> None:
    with second_daemon(small_disk / "docker") as daemon:
        done = subprocess.run(
            [ROOT / "compose" / "images.sh", "edge"],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": str(small_disk),
                "DOCKER_HOST": daemon.host,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 3, done.stderr
    assert str(small_disk / "docker" / "data") in done.stderr
    assert "docker builder prune" in done.stderr

"""What compose resolves, or gives, beyond what a drill means to give: refused before, or seen and told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.conftest import Left
from tests.workshop import CONTRACT, ROOT, Workshop

_PGDATA = "  postgres-data: {labels: {org.restoreproof.stack: wipe}}"
_WRAPPER = """#!/bin/sh
# Adds a file of its own to what makes the containers, after everything that a drill adds.
file=
for word; do
  case $word in up|run) file=1; break ;; esac
done
[ -n "$file" ] || exec {docker} "$@"
before=
while [ "$1" != up ] && [ "$1" != run ]; do
  before="$before $1"
  shift
done
exec {docker} $before -f {evil} "$@"
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A copy of the reference stack whose compose file a test may change."""
    directory = tmp_path / "stack"
    (directory / "docker").mkdir(parents=True)
    (directory / "stack.yaml").write_text(CONTRACT.read_text().replace("../../", f"{ROOT}/"))
    for name in ("compose.yaml", "runbook.md", "docker/edge.conf"):
        shutil.copyfile(CONTRACT.parent / name, directory / name)
    return directory


def change(stack: Path, was: str, becomes: str) -> None:
    text = (stack / "compose.yaml").read_text()
    assert text.count(was) == 1, was
    (stack / "compose.yaml").write_text(text.replace(was, becomes))


@dataclass(frozen=True)
class Brought:
    """A change to the shipped file that is harmless until ``variables`` of the machine have their say."""

    was: str
    becomes: str
    variables: Mapping[str, str]
    said: str


@pytest.mark.parametrize(
    "brought",
    [
        Brought(
            _PGDATA,
            '  postgres-data: {driver_opts: {type: tmpfs, device: "${AT:-tmpfs}", o: "${HOW:-size=1g}"}}',
            {"AT": "/var/run", "HOW": "rbind"},
            "volume 'postgres-data', which holds data of the stack, has driver_opts",
        ),
        Brought(
            '  restart: "no"\n',
            '  restart: "${AGAIN:-no}"\n',
            {"AGAIN": "always"},
            "service 'postgres' has restart: always",
        ),
        Brought(
            "\n  signer:\n",
            '\n  signer:\n    logging: {driver: "${LOGS:-json-file}"}\n',
            {"LOGS": "syslog"},
            "service 'signer' has logging",
        ),
        Brought(
            "      - 127.0.0.1::5432\n",
            '      - "${HERE:-127.0.0.1::5432}"\n',
            {"HERE": "0.0.0.0::5432"},
            "'edge' publishes 5432 at 0.0.0.0",
        ),
        Brought(
            "\n  signer:\n",
            "\n  signer:\n    extends: {file: more.yaml, service: signer}\n",
            {},
            "has sysctls",
        ),
    ],
)
def test_what_compose_resolves_is_refused_before_anything_starts(
    workshop: Workshop, stack: Path, brought: Brought
) -> None:
    """The linter sees the file with every variable at its default, and none that another brings."""
    (stack / "more.yaml").write_text("services: {signer: {sysctls: {net.ipv6.conf.all.disable_ipv6: '0'}}}\n")
    change(stack, brought.was, brought.becomes)
    contract = stack / "stack.yaml"
    linted = workshop.run("lint", contract, "--features", ROOT / "features")
    assert linted.returncode == 0, linted.output
    reports = workshop.reports()
    arguments = workshop.drill_arguments(reports, "--runtime", "compose", contract=contract)
    done = workshop.run(*arguments, **brought.variables)
    assert done.returncode == 2, done.output
    assert brought.said in done.output
    assert f"{stack}/compose.yaml:" in done.output
    assert not (reports / "latest").exists(), "no drill was begun"


def test_what_containers_were_given_beyond_it_is_seen_before_they_start(
    workshop: Workshop, left: Left, tmp_path: Path
) -> None:
    """Whatever stands between the harness and the daemon: what counts is what the daemon says in the end."""
    evil, docker = tmp_path / "evil.yaml", tmp_path / "bin" / "docker"
    given = {
        "sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"},
        "cap_add": ["NET_RAW"],
        "volumes": ["/run:/host:ro"],
    }
    evil.write_text(json.dumps({"services": {"postgres": given}}))
    docker.parent.mkdir()
    docker.write_text(_WRAPPER.format(docker=shutil.which("docker"), evil=evil))
    docker.chmod(0o755)
    reports = workshop.reports()
    arguments = workshop.drill_arguments(reports, "--runtime", "compose", "-k", "tables")
    done = workshop.run(*arguments, PATH=f"{docker.parent}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    assert done.returncode == 3, done.output[-4000:]
    directory = (reports / "latest").resolve()
    record = json.loads((directory / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert not record["safety"]["isolated"]
    reached = {one["probe"]: one["detail"] for one in record["safety"]["probes"] if one["reached"]}
    assert "CapAdd NET_RAW" in reached["postgres: privileges on this machine"]
    assert "Sysctls net.ipv6.conf.all.disable_ipv6=0" in reached["postgres: privileges on this machine"]
    assert "bind /run" in reached["postgres: mounts from this machine"]
    assert "/run is mounted" in reached["postgres: daemon's socket"]
    assert "postgres on core: IPv6 link-local" in reached, "and it was one: the host is a neighbour"
    events = [json.loads(line) for line in (directory / "journal.jsonl").read_text().splitlines()]
    kinds = [(event["type"], event["data"].get("probe") or event["data"].get("service")) for event in events]
    seen = kinds.index(("isolation-probe", "postgres: privileges on this machine"))
    assert seen < kinds.index(("service-started", "postgres")), "before it started"
    assert left(directory.name) == []

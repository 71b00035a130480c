"""What compose resolves, or gives, beyond what a drill means to give: refused before, or seen and told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("given", "probe", "detail"),
    [
        ({"volumes": ["/run:/host:ro"]}, "daemon's socket", "/run is mounted"),
        ({"volumes": ["/usr/share:/host:ro"]}, "mounts from this machine", "bind /usr/share"),
        (
            {"sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"}, "cap_add": ["NET_RAW"]},
            "privileges on this machine",
            "CapAdd NET_RAW, Sysctls net.ipv6.conf.all.disable_ipv6=0",
        ),
    ],
    ids=["socket", "mount", "setting of the kernel"],
)
def test_what_a_container_was_given_beyond_it_is_seen_before_it_starts(
    workshop: Workshop, tmp_path: Path, given: dict[str, object], probe: str, detail: str
) -> None:
    """Whatever stands between the harness and the daemon: what counts is what the daemon says in the end."""
    evil, docker = tmp_path / "evil.yaml", tmp_path / "bin" / "docker"
    evil.write_text(json.dumps({"services": {"postgres": given}}))
    docker.parent.mkdir()
    docker.write_text(_WRAPPER.format(docker=shutil.which("docker"), evil=evil))
    docker.chmod(0o755)
    # Nobody here signed for what the set says of its data, so it is not drilled where isolation is unproven.
    handed = workshop.copy_of_set(f"handed-{tmp_path.name}")
    catalogue = handed.with_suffix(".json")
    shutil.copyfile(workshop.catalogue, catalogue)
    workshop.give(handed.parent)
    reports = workshop.reports()
    arguments = workshop.drill_arguments(
        reports, "--runtime", "compose", "--set", handed, "--catalogue", catalogue
    )
    done = workshop.run(*arguments, PATH=f"{docker.parent}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    assert done.returncode == 3, done.output[-4000:]
    directory = (reports / "latest").resolve()
    record = json.loads((directory / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert not record["safety"]["isolated"]
    reached = {one["probe"]: one["detail"] for one in record["safety"]["probes"] if one["reached"]}
    assert detail in reached[f"postgres: {probe}"], reached
    journal = (directory / "journal.jsonl").read_text()
    assert "isolation-verdict" in journal
    assert "service-started" not in journal, "it was made, looked at and never started"

"""``docker compose up`` gives anyone the reference stack, and ``down`` leaves nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from restoreproof.runtimes.compose import probe_script
from restoreproof.runtimes.host.listener import Listener

COMPOSE = Path(__file__).parents[2] / "compose" / "wipe" / "compose.yaml"
_PROBE = Path(probe_script.__file__).read_text()
_PYTHON = "restoreproof/wipe-sinks:1"


def _docker(*arguments: str, timeout: float = 120) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    command = ["docker", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-3000:]}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Stack:
    """One project of the shipped compose file."""

    project: str

    def compose(self, *arguments: str, timeout: float = 120) -> str:
        """What one compose command printed."""
        return _docker("compose", "-p", self.project, "-f", str(COMPOSE), *arguments, timeout=timeout)

    def container(self, service: str) -> str:
        """The id of its container."""
        return self.compose("ps", "-aq", service)


def _ready() -> str | None:
    """Why these tests can't run here, if so."""
    if shutil.which("docker") is None:
        return "docker is not installed; `make test-containers` as root installs it"
    asked = subprocess.run(
        ["docker", "image", "inspect", "restoreproof/wipe-keycloak:26.7.3"], capture_output=True, check=False
    )
    return "no Docker daemon with the images; `make images` builds them" if asked.returncode else None


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A seeded stack of its own, gone afterwards."""
    if reason := _ready():
        pytest.skip(reason)
    one = Stack(f"rp-test-{os.getpid()}")
    try:
        one.compose(
            "--profile", "seed", "up", "-d", "--no-build", "--wait", "--wait-timeout", "400", timeout=450
        )
        yield one
    finally:
        one.compose("--profile", "*", "down", "--volumes", "--timeout", "3", timeout=180)
    for kind in ("container", "network", "volume"):
        left = _docker(kind, "ls", "-q", "--filter", f"label=com.docker.compose.project={one.project}")
        assert left == "", f"a {kind} is left"


def test_the_front_door_serves_through_the_edge(stack: Stack) -> None:
    """Every component answers the platform, behind its own certificate, at a random port of 127.0.0.1."""
    host, _, port = stack.compose("port", "edge", "8443").rpartition(":")
    assert host == "127.0.0.1"
    with httpx.Client(verify=False, trust_env=False) as client:
        answer = client.get(
            f"https://127.0.0.1:{port}/readyz",
            headers={"Host": "wipe.example:8443"},
            extensions={"sni_hostname": "wipe.example"},
        )
    assert answer.status_code == 200
    assert answer.json()["components"] == dict.fromkeys(("database", "buckets", "keycloak", "signer"), "ok")


def test_nothing_is_published_beyond_the_loopback_address(stack: Stack) -> None:
    """No service but the edge has a port on the host."""
    for line in stack.compose("ps", "--format", "json").splitlines():
        container = json.loads(line)
        hosts = {one["URL"] for one in container["Publishers"] or () if one["PublishedPort"]}
        assert hosts == ({"127.0.0.1"} if container["Service"] == "edge" else set()), container["Service"]


def test_no_container_runs_as_root_or_can_become_it(stack: Stack) -> None:
    """An ordinary user, no capability, and no way to gain one."""
    for identifier in stack.compose("ps", "-aq").splitlines():
        inspected = json.loads(_docker("inspect", identifier))[0]
        host = inspected["HostConfig"]
        assert inspected["Config"]["User"] not in {"", "0", "root"}, inspected["Name"]
        assert host["CapDrop"] == ["ALL"], inspected["Name"]
        assert "no-new-privileges:true" in host["SecurityOpt"], inspected["Name"]


def test_neither_the_host_nor_the_world_is_reached_from_a_service(stack: Stack) -> None:
    """Whoever refuses is there, and counts as reached; an ordinary network shows that each can be."""
    ordinary = _gateway(f"{stack.project}_edge")
    with Listener(ordinary) as listener:
        port = listener.address[1]
        targets = {
            "listener of this machine": ["tcp", f"{ordinary}:{port}"],
            "this machine, refusing": ["tcp", f"{ordinary}:9"],
            "gateway": ["tcp", f"{_gateway(f'{stack.project}_core')}:{port}"],
            "world": ["route", "192.0.2.1"],
        }
        named = {"world's names": ["resolve", "example.com"], "neighbour": ["tcp", "postgres:5432"]}
        api = ("exec", "-T", "api", "python", "-c", _PROBE, json.dumps({**targets, **named}))
        assert _reached(stack.compose(*api)) == {"neighbour"}
        assert listener.strangers() == 0

        # Its gateway's address is the core's own, and no other network leads there.
        del targets["gateway"]
        network = ("--network", f"{stack.project}_edge", "--entrypoint", "python")
        run = ("run", "--rm", *network, _PYTHON, "-c", _PROBE, json.dumps(targets))
        assert _reached(_docker(*run)) == set(targets)
        assert listener.strangers() == 1


def _reached(said: str) -> set[str]:
    return {one["probe"] for one in map(json.loads, said.splitlines()) if one["reached"]}


def _gateway(network: str) -> str:
    """The host's address on ``network``, or the one that it would have."""
    given = json.loads(_docker("network", "inspect", network))[0]["IPAM"]["Config"][0]
    return str(given.get("Gateway") or next(ip_network(given["Subnet"]).hosts()))


def test_no_service_sees_the_secrets_of_another(stack: Stack) -> None:
    """The API has neither the signer's key nor the superuser's password nor the storage administrator's."""
    seen = stack.compose("exec", "-T", "api", "sh", "-c", "ls /run/stack; cat /run/stack/environment.env")
    assert "DATABASE_URL=" in seen
    assert "S3_ADMIN" not in seen
    signer = stack.compose("exec", "-T", "signer", "ls", "/run/signer").split()
    assert "signing-key.pem" in signer
    mounts = json.loads(_docker("inspect", stack.container("api")))[0]["Mounts"]
    assert [mount["Destination"] for mount in mounts if not mount["RW"]] == ["/run/stack"]


def test_the_documented_backup_commands_give_a_dump(stack: Stack, tmp_path: Path) -> None:
    """As mission and handbook have them, without a password: the socket inside the container is trusted."""
    dump = tmp_path / "wipe.dump"
    stack.compose(
        "exec", "-T", "postgres", "pg_dump", "-U", "wipe", "-d", "wipe", "-Fc", "-f", "/tmp/wipe.dump"
    )
    stack.compose("cp", "postgres:/tmp/wipe.dump", str(dump))
    assert dump.read_bytes().startswith(b"PGDMP")
    listed = stack.compose("exec", "-T", "postgres", "pg_restore", "--list", "/tmp/wipe.dump")
    assert "TABLE DATA public proofs wipe" in listed


def test_a_second_up_keeps_secrets_and_data(stack: Stack) -> None:
    """``init`` draws them once."""
    count = (
        "exec",
        "-T",
        "postgres",
        "psql",
        "-U",
        "wipe",
        "-d",
        "wipe",
        "-Atc",
        "select count(*) from proofs",
    )
    before = stack.compose(*count)
    stack.compose(
        "up", "-d", "--no-build", "--wait", "--wait-timeout", "200", "init", "postgres", "api", timeout=240
    )
    assert stack.compose(*count) == before
    assert int(before) > 0
    assert "has its secrets already" in stack.compose("logs", "--no-log-prefix", "init")

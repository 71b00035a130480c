"""What is said of the ways out of a container, as far as that takes no daemon."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from restoreproof.runtimes.compose import probe_script
from restoreproof.runtimes.compose.isolation import of_network
from restoreproof.runtimes.compose.mounts import probe_mounts
from restoreproof.runtimes.compose.privileges import probe_privileges
from restoreproof.runtimes.host.listener import Listener


def tried(targets: dict[str, tuple[str, str]]) -> dict[str, dict[str, object]]:
    """The answers of the script that is sent into containers, by probe."""
    argv = [sys.executable, "-I", probe_script.__file__, json.dumps(targets)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["probe"] for one in answers] == list(targets), "in the order in which they were asked"
    return {one["probe"]: one for one in answers}


def test_whoever_answers_is_reached_and_a_refusal_is_an_answer() -> None:
    with Listener("127.0.0.1") as listener, socket.create_server(("127.0.0.1", 0)) as closed:
        host, port = listener.address
        silent = closed.getsockname()[1]
        closed.close()
        answers = tried(
            {
                "listener": ("tcp", f"{host}:{port}"),
                "nobody": ("tcp", f"{host}:{silent}"),
                "name": ("resolve", "localhost"),
                "no name": ("resolve", "nobody.invalid"),
            }
        )
        assert listener.strangers() == 1
        listener.expect(1)
        assert listener.strangers() == 0
    assert {name: one["reached"] for name, one in answers.items()} == {
        "listener": True,
        "nobody": True,
        "name": True,
        "no name": False,
    }
    assert answers["nobody"]["detail"] == f"{host}:{silent}: refused, so somebody is there"


def test_a_route_is_none_where_the_kernel_has_none() -> None:
    """Nothing is sent: a network of its own has no route at all."""
    asked = json.dumps({"v4": ["route", "192.0.2.1"], "v6": ["route", "2001:db8::1"]})
    argv = [sys.executable, "-I", probe_script.__file__, asked]
    alone = subprocess.run(
        ["unshare", "--user", "--net", *argv], capture_output=True, text=True, timeout=120, check=False
    )
    if alone.returncode:
        pytest.skip(f"no network of its own here: {alone.stderr}")
    answers = [json.loads(line) for line in alone.stdout.splitlines()]
    assert [one["reached"] for one in answers] == [False, False], answers


ORDINARY = {
    "Privileged": False,
    "PidMode": "",
    "IpcMode": "private",
    "UTSMode": "",
    "UsernsMode": "",
    "NetworkMode": "rp-1_core",
    "CgroupnsMode": "host",
    "CapAdd": ["CAP_CHOWN"],
    "SecurityOpt": ["no-new-privileges:true"],
    "Devices": [],
    "DeviceRequests": None,
    "MaskedPaths": ["/proc/kcore"],
    "ReadonlyPaths": None,
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Privileged": True}, "Privileged"),
        ({"PidMode": "host"}, "PidMode host"),
        ({"IpcMode": "container:1"}, "IpcMode container:1"),
        ({"UTSMode": "host"}, "UTSMode host"),
        ({"UsernsMode": "host"}, "UsernsMode host"),
        ({"NetworkMode": "host"}, "NetworkMode host"),
        ({"CapAdd": ["CHOWN", "CAP_SYS_ADMIN", "NET_ADMIN"]}, "CapAdd NET_ADMIN SYS_ADMIN"),
        ({"Devices": [{"PathOnHost": "/dev/kvm"}]}, "Devices"),
        ({"DeviceRequests": [{"Count": -1}]}, "DeviceRequests"),
        ({"DeviceCgroupRules": ["a *:* rwm"]}, "DeviceCgroupRules"),
        ({"VolumesFrom": ["1"]}, "VolumesFrom"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "SecurityOpt seccomp=unconfined"),
        ({"MaskedPaths": []}, "no MaskedPaths"),
    ],
)
def test_a_hold_on_the_machine_is_read_off_what_a_container_was_given(
    given: dict[str, object], said: str
) -> None:
    found = probe_privileges("api: privileges", SimpleNamespace(attrs={"HostConfig": {**ORDINARY, **given}}))
    assert found.reached
    assert found.detail == said


def test_an_ordinary_container_has_no_hold_on_the_machine() -> None:
    found = probe_privileges("api: privileges", SimpleNamespace(attrs={"HostConfig": ORDINARY}))
    assert not found.reached


def test_each_network_has_probes_of_its_own() -> None:
    targets = {"core: gateway": "gateway 1", "core-2: gateway": "gateway 2"}
    assert of_network(targets, "core") == {"core: gateway": "gateway 1"}


@pytest.mark.parametrize(
    ("source", "reached"),
    [("/run/docker.sock", True), ("/run", True), ("/", True), ("/srv/files", False), ("/run/other", False)],
)
def test_a_mount_that_holds_the_daemons_socket_is_a_way_out(source: str, reached: bool) -> None:
    mounts = [{"Type": "bind", "Source": source}, {"Type": "volume", "Source": "/var/lib/docker/volumes/x"}]
    found = probe_mounts("api: daemon's socket", SimpleNamespace(attrs={"Mounts": mounts}))
    assert found.reached == reached
    assert (source in found.detail) == reached


def test_the_socket_that_the_environment_names_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///srv/docker/own.sock")
    container = SimpleNamespace(attrs={"Mounts": [{"Type": "bind", "Source": "/srv/docker"}]})
    assert probe_mounts("api: daemon's socket", container).reached


@pytest.mark.skipif(
    shutil.which("docker") is None, reason="doctor asks a daemon only where docker is installed"
)
def test_a_daemon_that_does_not_answer_is_told_by_its_socket_and_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    assert diagnosed(path) == (
        f"the Docker daemon does not answer at unix://{path}: No such file or directory; "
        "next: start it; as root `make images` installs and starts one"
    )
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert "Connection refused; next: it has ended and left its socket" in diagnosed(path)


def diagnosed(path: Path) -> str:
    """What doctor says of the daemon at ``path``; this machine is unfit for containers then."""
    done = subprocess.run(
        [sys.executable, "-m", "restoreproof.cli", "doctor", "--runtime", "compose", "--json"],
        env={**os.environ, "DOCKER_HOST": f"unix://{path}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 3, done.stderr
    findings = {one["what"]: one for one in json.loads(done.stdout) if one["runtime"] == "compose"}
    assert not findings["Docker daemon"]["ok"]
    return str(findings["Docker daemon"]["detail"])

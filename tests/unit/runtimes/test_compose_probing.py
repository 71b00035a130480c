"""What is said of the ways out of a container, as far as that takes no daemon."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof.runtimes.compose import probe_script
from restoreproof.runtimes.compose.isolation import edge_targets, of_network
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


def alone(**targets: str) -> dict[str, bool]:
    """What is reached in a network of its own, of which nothing is configured but the loopback interface."""
    attempts = {name: target.split(" ", 1) for name, target in targets.items()}
    code = "; ".join(
        [
            "import runpy, socket, subprocess, sys",
            "subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)",
            "tcp = socket.create_server(('', 7777))",
            "sys.argv = ['probe', sys.argv[1]]",
            f"runpy.run_path({str(probe_script.__file__)!r}, run_name='__main__')",
        ]
    )
    argv = [
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        sys.executable,
        "-I",
        "-c",
        code,
        json.dumps(attempts),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"no network of its own here: {done.stderr}")
    return {answer["probe"]: answer["reached"] for answer in map(json.loads, done.stdout.splitlines())}


def test_one_more_listener_and_an_address_to_neighbours_are_noticed_where_they_are() -> None:
    reached = alone(**{"another": "listeners 5432", "its own": "listeners 5432,7777", "link": "link-local -"})
    assert reached == {"another": True, "its own": False, "link": False}


def test_packets_for_others_are_passed_on_where_the_kernel_is_told_to(tmp_path: Path) -> None:
    here = tried({"forwarding": ("forwarding", "-")})["forwarding"]
    switches = [Path("/proc/sys/net/ipv4/ip_forward"), Path("/proc/sys/net/ipv6/conf/all/forwarding")]
    assert here["reached"] == any(one.exists() and one.read_text().strip() == "1" for one in switches)


def test_the_edge_is_tried_for_listeners_beside_those_it_publishes() -> None:
    edge = {"ports": [{"target": 5432, "host_ip": "127.0.0.1"}, "127.0.0.1::8080"]}
    assert edge_targets(edge) == {
        "the edge: another listener": "listeners 5432,8080,8999",
        "the edge: packets for others": "forwarding -",
    }
    assert list(of_network(edge_targets(edge), "edge")) == [], "a network may be called so"


def test_each_network_has_probes_of_its_own() -> None:
    targets = {"core: gateway": "gateway 1", "core-2: gateway": "gateway 2"}
    assert of_network(targets, "core") == {"core: gateway": "gateway 1"}


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

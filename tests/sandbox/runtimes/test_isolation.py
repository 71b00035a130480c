"""The drill sandbox itself: no way out, and nothing in it that was not listed."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import psutil

from restoreproof.runtimes.process.isolation import probe


def test_every_probe_fails_inside() -> None:
    targets = json.loads(os.environ["INSIDE_TARGETS"])
    results = probe(targets)
    assert len(results) == len(targets) == 6
    assert [result for result in results if result.reached] == []


def test_only_loopback_is_there() -> None:
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def test_the_environment_of_the_host_does_not_cross() -> None:
    assert "HOST_SECRET" not in os.environ
    assert not {name for name in os.environ if name.startswith(("SSH_", "AWS_", "XDG_", "DBUS_"))}


def test_the_files_of_the_host_are_absent() -> None:
    listed = {path.name for path in Path("/etc").iterdir()}
    assert listed <= {"hosts", "passwd", "group", "nsswitch.conf", "ld.so.cache", "alternatives", "ssl"}
    for absent in ("/etc/shadow", "/var", "/run", "/sys", "/boot"):
        assert not Path(absent).exists()


def test_it_is_an_ordinary_user_among_its_own_processes() -> None:
    assert os.getuid() == 1000
    assert "CapEff:\t0000000000000000" in Path("/proc/self/status").read_text()
    assert psutil.Process(1).name() == "bwrap"

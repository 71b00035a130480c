"""What containers, networks and volumes were given, held against what a drill means to give them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from restoreproof.runtimes.compose import limits
from restoreproof.runtimes.compose.grants import (
    Grant,
    container_excess,
    mount_excess,
    network_excess,
    volume_excess,
)
from restoreproof.runtimes.compose.limits import Limits, reached
from restoreproof.runtimes.compose.mounts import PROBE, SOURCES, probe_mounts
from restoreproof.runtimes.compose.privileges import probe_privileges
from restoreproof.runtimes.host.hints import hint_for

HOST_CONFIG: dict[str, Any] = {
    "Privileged": False,
    "PidMode": "",
    "IpcMode": "private",
    "UTSMode": "",
    "UsernsMode": "",
    "NetworkMode": "rp-1_core",
    "CgroupnsMode": "host",
    "CapAdd": ["CAP_CHOWN"],
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges:true"],
    "Devices": [],
    "DeviceRequests": None,
    "MaskedPaths": ["/proc/kcore"],
    "ReadonlyPaths": None,
    "Runtime": "runc",
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "50m"}},
    "ConsoleSize": [0, 0],
    "PidsLimit": 2048,
    "Memory": 2**30,
    "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 1024}],
    "PortBindings": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
    "Dns": ["127.0.0.1"],
    "Tmpfs": {"/tmp": "mode=1777"},
    "OomScoreAdj": 0,
    "BlkioWeight": 0,
    "Mounts": [],
    "StorageOpt": {"size": "10G"},
}
GRANT = Grant(
    networks={"rp-1_core"}, volumes={"rp-1_postgres-data"}, files=[Path("/work/files")], user="10001"
)


def container(**settings: Any) -> dict[str, Any]:
    """What the daemon says of a container that has ``settings`` beside what every one has."""
    return {
        "HostConfig": {**HOST_CONFIG, **settings},
        "Config": {"User": "10001"},
        "NetworkSettings": {"Networks": {"rp-1_core": {}}},
        "Mounts": [],
    }


def test_an_ordinary_container_has_no_hold_on_the_machine() -> None:
    assert list(container_excess(container(), GRANT)) == []
    result = probe_privileges("api: privileges", SimpleNamespace(attrs=container()), GRANT)
    assert (result.reached, result.detail) == (False, "none beyond what it is to have, as 10001")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"Privileged": True}, "Privileged"),
        ({"PidMode": "host"}, "PidMode host"),
        ({"IpcMode": "container:1"}, "IpcMode container:1"),
        ({"UTSMode": "host"}, "UTSMode host"),
        ({"UsernsMode": "host"}, "UsernsMode host"),
        ({"NetworkMode": "host"}, "the network host"),
        ({"NetworkMode": "somebody-elses"}, "the network somebody-elses"),
        ({"CapAdd": ["CHOWN", "CAP_SYS_ADMIN", "NET_ADMIN"]}, "CapAdd NET_ADMIN SYS_ADMIN"),
        ({"CapAdd": ["NET_RAW"]}, "CapAdd NET_RAW"),
        ({"CapDrop": None}, "capabilities of Docker's own"),
        ({"Devices": [{"PathOnHost": "/dev/kvm"}]}, "Devices"),
        ({"DeviceRequests": [{"Count": -1}]}, "DeviceRequests"),
        ({"DeviceCgroupRules": ["a *:* rwm"]}, "DeviceCgroupRules"),
        ({"VolumesFrom": ["1"]}, "VolumesFrom"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "SecurityOpt seccomp=unconfined"),
        ({"MaskedPaths": []}, "no MaskedPaths"),
        ({"Sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"}}, "Sysctls net.ipv6.conf.all.disable_ipv6=0"),
        ({"LogConfig": {"Type": "syslog", "Config": {}}}, "LogConfig syslog"),
        ({"RestartPolicy": {"Name": "always"}}, "RestartPolicy always"),
        ({"Runtime": "sysbox-runc"}, "Runtime sysbox-runc"),
        ({"ExtraHosts": ["host.docker.internal:host-gateway"]}, "ExtraHosts"),
        ({"GroupAdd": ["998"]}, "GroupAdd"),
        ({"Links": ["/db:/api/db"]}, "Links"),
        ({"Dns": ["192.0.2.53"]}, "Dns"),
        ({"VolumeDriver": "rexray"}, "VolumeDriver rexray"),
        ({"CgroupParent": "/system.slice"}, "CgroupParent /system.slice"),
        ({"PortBindings": {"5432/tcp": [{"HostIp": "", "HostPort": "5432"}]}}, "PortBindings"),
        ({"PublishAllPorts": True}, "PublishAllPorts"),
        ({"OomScoreAdj": -900}, "OomScoreAdj"),
        ({"StorageOpt": {"size": "1g", "other": "1"}}, "StorageOpt"),
        ({"UnheardOf": {"a": 1}}, "UnheardOf"),
    ],
)
def test_whatever_a_container_has_beyond_its_grant_is_named(settings: dict[str, Any], said: str) -> None:
    assert list(container_excess(container(**settings), GRANT)) == [said]


def test_root_with_dockers_capabilities_another_user_and_another_network_are_named() -> None:
    attributes = container(CapDrop=[])
    attributes["Config"] = {"User": ""}
    attributes["NetworkSettings"]["Networks"]["bridge"] = {}
    assert list(container_excess(attributes, GRANT)) == [
        "the user root, not 10001",
        "capabilities of Docker's own for root",
        "the network bridge",
    ]


def test_a_setting_of_the_kernel_that_is_meant_has_to_be_there() -> None:
    edge = Grant(networks={"rp-1_core"}, sysctls={"net.ipv4.ip_forward": "0"})
    assert list(container_excess(container(Sysctls={"net.ipv4.ip_forward": "0"}), edge)) == []
    assert list(container_excess(container(), edge)) == ["without Sysctls net.ipv4.ip_forward"]
    assert list(container_excess(container(Sysctls={"net.ipv4.ip_forward": "1"}), edge)) == [
        "Sysctls net.ipv4.ip_forward=1"
    ]


PLAIN = {"Driver": "local", "Scope": "local", "Options": None}
ANONYMOUS = "ab" * 32


def mounted(kind: str, source: str = "", name: str = "", asked: str | None = None) -> dict[str, Any]:
    attributes = container(Mounts=[{"Source": asked}] if asked else None)
    attributes["Mounts"] = [{"Type": kind, "Source": source, "Name": name}]
    return attributes


@pytest.mark.parametrize(
    ("attributes", "volume", "said"),
    [
        (mounted("bind", "/work/files/nginx.conf"), PLAIN, None),
        (mounted("bind", "/work/other"), PLAIN, "bind /work/other"),
        (mounted("bind", "/work/files/../../etc"), PLAIN, "bind /work/files/../../etc"),
        (mounted("tmpfs"), PLAIN, None),
        (mounted("volume", name="rp-1_postgres-data"), PLAIN, None),
        (mounted("volume", name="production"), PLAIN, "volume production (not this drill's)"),
        (mounted("volume", name=ANONYMOUS), PLAIN, None),
        (mounted("volume", name=ANONYMOUS, asked=ANONYMOUS), PLAIN, f"volume {ANONYMOUS} (not this drill's)"),
        (
            mounted("volume", name="rp-1_postgres-data"),
            {**PLAIN, "Options": {"type": "tmpfs", "o": "rbind", "device": "/run"}},
            "volume rp-1_postgres-data (device=/run, o=rbind, type=tmpfs)",
        ),
        (
            mounted("volume", name="rp-1_postgres-data"),
            {**PLAIN, "Driver": "rexray"},
            "volume rp-1_postgres-data (driver rexray)",
        ),
        (
            mounted("volume", name="rp-1_postgres-data"),
            None,
            "volume rp-1_postgres-data (unknown to the daemon)",
        ),
        (mounted("npipe", "pipe"), PLAIN, "npipe pipe"),
    ],
)
def test_each_mount_is_known_by_its_source(
    attributes: dict[str, Any], volume: dict[str, Any] | None, said: str | None
) -> None:
    assert list(mount_excess(attributes, GRANT, lambda name: volume)) == ([said] if said else [])


def test_room_in_memory_is_no_place_of_the_machine() -> None:
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=44m,uid=10001"}
    assert list(volume_excess({**PLAIN, "Options": options})) == []


def socket_probe(attributes: dict[str, Any], options: dict[str, str] | None = None) -> dict[str, bool]:
    volumes: Any = lambda name: {**PLAIN, "Options": options}  # noqa: E731
    results = probe_mounts("", SimpleNamespace(attrs=attributes), GRANT, volumes)
    return {result.probe: result.reached for result in results}


@pytest.mark.parametrize(
    ("source", "leads"),
    [("/run/docker.sock", True), ("/run", True), ("/", True), ("/srv/files", False), ("/run/other", False)],
)
def test_a_mount_that_holds_the_daemons_socket_is_a_way_out(source: str, leads: bool) -> None:
    """Also where it is called a volume, which only its options show."""
    assert socket_probe(mounted("bind", source)) == {PROBE: leads, SOURCES: True}
    options = {"type": "tmpfs", "o": "rbind", "device": source}
    assert socket_probe(mounted("volume", name="rp-1_postgres-data"), options) == {
        PROBE: leads,
        SOURCES: True,
    }


def test_the_socket_that_the_environment_names_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///srv/docker/own.sock")
    assert socket_probe(mounted("bind", "/srv/docker"))[PROBE]


CORE: dict[str, Any] = {
    "Driver": "bridge",
    "Scope": "local",
    "Internal": True,
    "EnableIPv6": False,
    "Attachable": False,
    "Ingress": False,
    "ConfigFrom": {"Network": ""},
    "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": "172.20.0.0/16"}]},
    "Options": {"com.docker.network.bridge.inhibit_ipv4": "true"},
}
EDGE = {**CORE, "Internal": False, "Options": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}


def test_networks_as_a_drill_makes_them_are_in_order() -> None:
    assert list(network_excess(CORE)) == list(network_excess(EDGE, edge=True)) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"Driver": "macvlan"}, "driver macvlan"),
        ({"Internal": False}, "not internal"),
        ({"EnableIPv6": True}, "IPv6"),
        ({"Scope": "swarm"}, "scope swarm"),
        ({"Attachable": True}, "attachable"),
        ({"ConfigFrom": {"Network": "other"}}, "of another's configuration"),
        ({"IPAM": {"Driver": "dhcp"}}, "addresses by dhcp"),
        ({"IPAM": {"Driver": "default", "Options": {"a": "b"}}}, "options of its addresses"),
        ({"Options": {}}, "without com.docker.network.bridge.inhibit_ipv4=true"),
        (
            {"Options": {**CORE["Options"], "com.docker.network.host_ipv4": "192.0.2.7"}},
            "com.docker.network.host_ipv4=192.0.2.7",
        ),
    ],
)
def test_a_network_that_leads_further_is_told_by_what_leads(settings: dict[str, Any], said: str) -> None:
    assert list(network_excess({**CORE, **settings})) == [said]


def test_the_edges_network_does_not_lead_to_the_world() -> None:
    assert list(network_excess({**EDGE, "Options": {}}, edge=True)) == [
        "without com.docker.network.bridge.enable_ip_masquerade=false"
    ]


@pytest.mark.parametrize(
    ("line", "directory", "files"),
    [
        ("0::/docker/1", "docker/1", {"memory.events": "oom 1\noom_kill 2\n", "pids.events": "max 3\n"}),
        ("8:pids:/docker/1\n9:memory:/docker/1", None, {}),
    ],
    ids=["cgroups of version 2", "of version 1"],
)
def test_a_container_that_came_to_a_limit_is_told_while_it_runs(
    line: str, directory: str | None, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "_PROC", tmp_path / "proc")
    (tmp_path / "proc" / "42").mkdir(parents=True)
    (tmp_path / "proc" / "42" / "cgroup").write_text(f"{line}\n")
    if directory is None:
        for name, file, text in (
            ("pids", "pids.events", "max 3\n"),
            ("memory", "memory.oom_control", "oom_kill 2\n"),
        ):
            (tmp_path / "cgroup" / name / "docker" / "1").mkdir(parents=True)
            (tmp_path / "cgroup" / name / "docker" / "1" / file).write_text(text)
    for file, text in files.items():
        place = tmp_path / "cgroup" / str(directory)
        place.mkdir(parents=True, exist_ok=True)
        (place / file).write_text(text)
    attributes = {
        "State": {"Pid": 42, "OOMKilled": False},
        "HostConfig": {"Memory": 2**30, "PidsLimit": 2048},
    }
    assert list(reached(attributes)) == [
        "it ran out of memory at its limit of 1024 MiB",
        "it was refused 3 processes more than its limit of 2048 (pids_limit)",
    ]


def test_of_a_container_that_ended_the_daemon_knows_its_memory_alone() -> None:
    settings = {"Memory": 0, "PidsLimit": 2048}
    assert list(reached({"State": {"Pid": 0, "OOMKilled": True}, "HostConfig": settings})) == [
        "it ran out of memory"
    ]
    assert list(reached({"State": {"Pid": 0, "OOMKilled": False}, "HostConfig": settings})) == []


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("accept4() failed (24: Too many open files)", "`ulimits: nofile`"),
        ('could not extend file "base/16384/1": File too large', "`ulimits: fsize`"),
        ("could not fork new process for connection: Resource temporarily unavailable", "`pids_limit`"),
        ("RuntimeError: can't start new thread", "`pids_limit`"),
    ],
)
def test_what_a_log_says_of_a_limit_names_the_key_that_raises_it(line: str, limit: str) -> None:
    assert limit in str(hint_for(line))


def test_limits_are_parts_of_the_daemons_machine(tmp_path: Path) -> None:
    given = Limits.of({"MemTotal": 8 * 2**30, "DockerRootDir": str(tmp_path / "docker")})
    assert given.memory == 4 * 2**30
    assert given.file_bytes is not None
    assert given.file_bytes >= 2**30
    elsewhere = Limits.of({"MemTotal": 2**30, "DockerRootDir": "/no/such/place/docker"})
    assert elsewhere.file_bytes is None

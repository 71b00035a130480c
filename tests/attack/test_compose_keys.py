"""A compose file that would let restored code out: refused by lint, at its line, and as compose resolves it.

Each of these once linted clean, and a drill of it ended VERIFIED with its target called isolated.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.contract import load
from restoreproof.runtimes.compose import composefile
from restoreproof.runtimes.compose.objections import data_of

_ROOT = Path(__file__).parents[2]
_STACK = _ROOT / "compose" / "wipe"
_COMPOSE = (_STACK / "compose.yaml").read_text()
_PGDATA = "  postgres-data: {labels: {org.restoreproof.stack: wipe}}"
_EDGE_IMAGE = "    image: restoreproof/wipe-edge:1\n"


@dataclass(frozen=True)
class Attack:
    """One change to the shipped file, and what has to be named at the line of it."""

    was: str
    becomes: str
    named: str

    @property
    def text(self) -> str:
        assert _COMPOSE.count(self.was) == 1, self.was
        return _COMPOSE.replace(self.was, self.becomes)

    @property
    def line(self) -> int:
        """Where the last line of the change stands."""
        start = self.text.index(self.becomes)
        return self.text[: start + len(self.becomes.rstrip("\n"))].count("\n") + 1


def _service(name: str, key: str, value: str, named: str | None = None) -> Attack:
    block = f"\n  {name}:\n"
    return Attack(block, f"{block}    {key}: {value}\n", f"service {name!r} has {named or key}")


def _volume(options: str, named: str) -> Attack:
    return Attack(_PGDATA, f"  postgres-data: {{driver_opts: {options}}}", f"volume 'postgres-data', {named}")


def _edge(line: str, named: str) -> Attack:
    return Attack(_EDGE_IMAGE, f"{_EDGE_IMAGE}    {line}\n", named)


_SOCKET = "/var/run/docker.sock"
ATTACKS = {
    "a directory of the machine as a volume in memory": _volume(
        "{type: tmpfs, o: rbind, device: /var/run}",
        "which holds data of the stack, has driver_opts: type=tmpfs",
    ),
    "a directory of the machine as a volume in memory, by its name": _volume(
        '{type: tmpfs, o: "size=44m,rbind", device: tmpfs}', "which holds data of the stack, has driver_opts"
    ),
    "a network file system as a volume": _volume(
        '{type: nfs, o: "addr=192.0.2.1", device: ":/srv"}',
        "which holds data of the stack, has the device :/srv",
    ),
    "IPv6 link-local by a setting of the kernel": _service(
        "api", "sysctls", '{net.ipv6.conf.all.disable_ipv6: "0"}'
    ),
    "what it logs sent away": _service(
        "worker", "logging", '{driver: syslog, options: {syslog-address: "udp://192.0.2.1:514"}}'
    ),
    "the daemon's socket by a key of compose": _service("postgres", "use_api_socket", "true"),
    "started again by the daemon": _service("signer", "deploy", "{restart_policy: {condition: any}}"),
    "another program that makes the container": _service("signer", "runtime", "sysbox-runc"),
    "a name for the machine": _service("signer", "extra_hosts", '["host.docker.internal:host-gateway"]'),
    "a group of the machine": _service("signer", "group_add", '["998"]'),
    "the resolver of the machine": _service("signer", "dns", "[192.0.2.53]"),
    "a container of somebody else's by a link": _service("signer", "external_links", "[other_db_1]"),
    "an interface of its own making": _service("signer", "mac_address", '"02:42:ac:11:65:43"'),
    "no limit of processes": _service("signer", "pids_limit", "-1"),
    "a key that nobody has heard of": _service("signer", "unheard_of", "1"),
    "raw packets": _service("signer", "cap_add", "[NET_RAW]"),
    "a fixed address on the network": Attack(
        "networks: {core: {aliases: [wipe.example]}}",
        "networks: {core: {aliases: [wipe.example], link_local_ips: [fe80::2]}}",
        "service 'nginx' on the network 'core' has link_local_ips",
    ),
    "IPv6 on the network of the stack": Attack(
        "to every network.\n    enable_ipv6: false\n",
        "to every network.\n    enable_ipv6: true\n",
        "network 'core' has enable_ipv6",
    ),
    "an option of the network's driver": Attack(
        '{com.docker.network.bridge.inhibit_ipv4: "true"}',
        '{com.docker.network.bridge.inhibit_ipv4: "true", com.docker.network.host_ipv4: 192.0.2.7}',
        "network 'core' has driver_opts",
    ),
    "a way to the world from the edge's network": Attack(
        'bridge.enable_ip_masquerade: "false"',
        'bridge.enable_ip_masquerade: "true"',
        "network 'edge' has driver_opts",
    ),
    "the edge told what to run": _edge("command: [-c, /etc/other.conf]", "service 'edge' has command"),
    "the edge with a configuration of somebody's": _edge(
        "volumes: [./other.conf:/etc/edge.conf:ro]", "service 'edge' has volumes"
    ),
    "the edge with the daemon's socket": _edge(
        f"volumes: ['{_SOCKET}:{_SOCKET}']", "service 'edge' has volumes"
    ),
    "the edge with more privileges": _edge("privileged: true", "service 'edge' has privileged"),
    "the edge in the network of the machine": _edge(
        "sysctls: {net.ipv4.ip_forward: 1}", "service 'edge' has sysctls"
    ),
    "another file": Attack("\nname: wipe\n", "\nname: wipe\ninclude: [other.yaml]\n", "the file has include"),
}
RESTARTS = '  restart: "no"\n'
DROPS = "  cap_drop: [ALL]\n"


def _beside(directory: Path, text: str) -> Path:
    """A copy of the stack with ``text`` as its compose file; returns the contract."""
    contract = (_STACK / "stack.yaml").read_text().replace("../../", f"{_ROOT}/")
    (directory / "stack.yaml").write_text(contract)
    (directory / "compose.yaml").write_text(text)
    (directory / "docker").mkdir()
    for name in ("runbook.md", "docker/edge.conf"):
        shutil.copyfile(_STACK / name, directory / name)
    return directory / "stack.yaml"


def _linted(contract: Path) -> list[str]:
    """What `restoreproof lint` says; it ends with 2."""
    done = CliRunner().invoke(app, ["lint", str(contract), "--features", str(_ROOT / "features")])
    assert done.exit_code == 2, done.output
    return [line for line in done.output.splitlines() if line.startswith(str(contract.parent))]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_way_out_is_refused_at_its_line(attack: Attack, tmp_path: Path) -> None:
    (said,) = _linted(_beside(tmp_path, attack.text))
    assert said.startswith(f"{tmp_path}/compose.yaml:{attack.line}: {attack.named}"), said
    assert "take it out" in said
    assert said.endswith("[compose]")


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (RESTARTS, "  restart: always\n", "has restart: always, by which restored code may get a hold"),
        (DROPS, "", "keeps the capabilities that Docker gives it"),
        (DROPS, "  cap_drop: [NET_RAW]\n", "keeps the capabilities that Docker gives it"),
        (
            '  user: "10001"\n  cap_drop: [ALL]\n',
            '  user: "0"\n',
            "keeps the capabilities that Docker gives it",
        ),
    ],
    ids=["started again by the daemon", "no cap_drop", "one capability dropped", "root without cap_drop"],
)
def test_what_every_service_has_is_refused_for_each_that_a_drill_starts(
    was: str, becomes: str, said: str, tmp_path: Path
) -> None:
    assert _COMPOSE.count(was) == 1
    contract = _beside(tmp_path, _COMPOSE.replace(was, becomes))
    found = _linted(contract)
    assert all(said in one for one in found), found
    assert len(found) == len(load(contract).services) + 1, "each service, and the edge"


def test_one_more_server_in_the_edge_is_refused_at_its_line(tmp_path: Path) -> None:
    contract = _beside(tmp_path, _COMPOSE)
    path = tmp_path / "docker" / "edge.conf"
    text = path.read_text()
    more = "    server {\n        listen 7777;\n        proxy_pass 172.17.0.1:4242;\n    }\n"
    at = text.index("    # For its own health check")
    path.write_text(text[:at] + more + text[at:])
    (said,) = _linted(contract)
    assert said.startswith(f"{path}:{text[:at].count(chr(10)) + 1}: the edge has 'server {{' here"), said
    assert "`python -m restoreproof.runtimes.compose.composefile" in said


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{content: 'stream {}'}", "is no file, so that nobody can compare it"),
        ("{environment: EDGE_CONF}", "is no file, so that nobody can compare it"),
        ("{external: true}", "is no file, so that nobody can compare it"),
        ("{file: no-such-file.conf}", "can't be read"),
    ],
)
def test_a_configuration_of_the_edge_that_can_not_be_compared_is_refused(
    config: str, said: str, tmp_path: Path
) -> None:
    text = _COMPOSE.replace("{file: docker/edge.conf}", config)
    (found,) = _linted(_beside(tmp_path, text))
    assert said in found


Change = Callable[[dict[str, Any]], None]


def _on(path: str, value: object) -> Change:
    """Puts ``value`` where ``path`` leads in the resolved file."""
    *parents, key = path.split("/")

    def change(config: dict[str, Any]) -> None:
        block: dict[str, Any] = config
        for name in parents:
            block = block[name]
        block[key] = value

    return change


RESOLVED: Mapping[str, tuple[Change, str]] = {
    "volume": (
        _on("volumes/postgres-data/driver_opts", {"type": "tmpfs", "o": "rbind", "device": "/var/run"}),
        "volume 'postgres-data', which holds data of the stack, has driver_opts",
    ),
    "sysctls": (
        _on("services/api/sysctls", {"net.ipv6.conf.all.disable_ipv6": "0"}),
        "service 'api' has sysctls",
    ),
    "logging": (_on("services/api/logging", {"driver": "syslog"}), "service 'api' has logging"),
    "api socket": (_on("services/api/use_api_socket", True), "service 'api' has use_api_socket"),
    "restart": (_on("services/api/restart", "always"), "service 'api' has restart"),
    "capabilities": (_on("services/api/cap_drop", []), "service 'api' keeps the capabilities"),
    "edge's command": (_on("services/edge/command", ["-c", "/x"]), "service 'edge' has command"),
    "edge's mounts": (_on("services/edge/volumes", [{"type": "bind"}]), "service 'edge' has volumes"),
    "network": (_on("networks/core/enable_ipv6", True), "network 'core' has enable_ipv6"),
    "network's attachment": (
        _on("services/api/networks", {"core": {"ipv4_address": "192.0.2.2"}}),
        "service 'api' on the network 'core' has ipv4_address",
    ),
    "mount": (
        _on(
            "services/postgres/volumes",
            [
                {
                    "type": "volume",
                    "source": "postgres-data",
                    "target": "/var/lib/postgresql",
                    "bind": {"propagation": "rshared"},
                }
            ],
        ),
        "a mount of service 'postgres' has bind",
    ),
}


@pytest.mark.parametrize(("change", "said"), RESOLVED.values(), ids=RESOLVED)
def test_what_another_file_or_a_variable_brings_is_refused_as_compose_resolves_it(
    change: Change, said: str, tmp_path: Path
) -> None:
    contract = load(_beside(tmp_path, _COMPOSE))
    config: dict[str, Any] = copy.deepcopy(YAML(typ="safe", pure=True).load(_COMPOSE))
    config["name"] = "rp-prepare"
    config["services"]["edge"]["ports"] = []
    assert composefile.problems_resolved(contract, data_of(contract), config) == []
    change(config)
    (found,) = composefile.problems_resolved(contract, data_of(contract), config)
    assert str(found).startswith(said)
    assert found.where.file == str(tmp_path / "compose.yaml")


def test_an_empty_value_that_compose_writes_itself_is_no_key(tmp_path: Path) -> None:
    contract = load(_beside(tmp_path, _COMPOSE))
    config: dict[str, Any] = copy.deepcopy(YAML(typ="safe", pure=True).load(_COMPOSE))
    config.update(name="rp-prepare", models={})
    config["services"]["edge"].update(ports=[], command=None, volumes=[])
    assert composefile.problems_resolved(contract, data_of(contract), config) == []

"""What a compose file may not give the services of a drill: ways to the host, and data that outlive it."""

from __future__ import annotations

import copy
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from restoreproof.contract import Contract, load
from restoreproof.runtimes.compose.composefile import RULES, allowed, problems, problems_resolved
from restoreproof.runtimes.compose.composefile.document import Composed, ComposeStack

_STACK = Path(__file__).parents[3] / "compose" / "wipe"
_COMPOSE = (_STACK / "compose.yaml").read_text()
_DATA = {"postgres": ("/var/lib/postgresql",), "s3": ("/data",)}
_PGDATA = "  postgres-data: {labels: {org.restoreproof.stack: wipe}}"
_MOUNT = "- postgres-data:/var/lib/postgresql\n"


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """The reference contract, in a directory where a test may lay another compose file beside it."""
    shutil.copyfile(_STACK / "stack.yaml", tmp_path / "stack.yaml")
    (tmp_path / "docker").mkdir()
    shutil.copyfile(_STACK / "docker" / "edge.conf", tmp_path / "docker" / "edge.conf")
    return load(tmp_path / "stack.yaml")


def _spoilt(contract: Contract, was: str, becomes: str) -> list[str]:
    """What is said of the shipped file with one change, which is the last place where ``was`` stands."""
    assert was in _COMPOSE
    before, _, after = _COMPOSE.rpartition(was)
    (contract.directory / "compose.yaml").write_text(before + becomes + after)
    return [f"{found.where.line}: {found}" for found in problems(contract, _DATA)]


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "it is no ordinary file"),
        (lambda path: path.write_text("#" * 300_000), "it has 300,000 bytes, and at most 262,144 are read"),
        (lambda path: path.write_bytes(b"\xff"), "invalid start byte"),
        (lambda path: None, "No such file or directory"),
    ],
)
def test_a_configuration_of_the_edge_that_is_no_text_of_some_length_is_told(
    contract: Contract, make: Callable[[Path], object], said: str
) -> None:
    path = contract.directory / "docker" / "edge.conf"
    path.unlink()
    make(path)
    (contract.directory / "compose.yaml").write_text(_COMPOSE)
    (problem,) = problems(contract, _DATA)
    assert str(problem).startswith(f"the edge's configuration {path} can't be read: ")
    assert said in str(problem)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (_PGDATA, "  postgres-data: {name: wipe-pgdata}", "has name: wipe-pgdata"),
        (_PGDATA, "  postgres-data: {external: true}", "has external: True"),
        (_PGDATA, "  postgres-data: {driver: rexray}", "has driver: rexray"),
        (
            _PGDATA,
            "  postgres-data: {driver_opts: {type: none, o: bind, device: /srv/pg}}",
            "has the device /srv/pg",
        ),
        (_MOUNT, "- ./pgdata:/var/lib/postgresql\n", "at /var/lib/postgresql in ./pgdata"),
        (_MOUNT, "- ${PG:-/srv/pg}:/var/lib/postgresql/\n", "at /var/lib/postgresql/ in /srv/pg"),
        (_MOUNT, "- {type: bind, source: /srv/pg, target: /var/lib/postgresql}\n", "in /srv/pg"),
        (_MOUNT, "- /var/lib/postgresql\n", "in an unnamed volume"),
        ("[s3-data:/data,", "[/srv/s3:/data,", "service 's3' has its data at /data in /srv/s3"),
    ],
)
def test_data_that_are_not_the_drills_own_are_refused(
    contract: Contract, was: str, becomes: str, said: str
) -> None:
    """A drill would open a running stack's data directory, or leave what it restored behind."""
    (found,) = _spoilt(contract, was, becomes)
    assert said in found
    assert "so that a drill would open data that are not its own, or leave its own behind; " in found


def test_a_device_in_memory_is_none_of_the_hosts(contract: Contract) -> None:
    """It is gone with the container that it is mounted into."""
    given = "{driver_opts: {type: tmpfs, device: tmpfs, o: size=44m}}"
    assert _spoilt(contract, _PGDATA, f"  postgres-data: {given}") == []


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("  storage: {labels", "  storage: {name: fixed, labels"),
        ("keycloak-config:/opt/keycloak/data/import:ro", "./import:/opt/keycloak/data/import:ro"),
    ],
)
def test_mounts_that_a_drill_takes_away_may_be_anything(contract: Contract, was: str, becomes: str) -> None:
    """They are for whoever runs the stack with compose alone."""
    assert _spoilt(contract, was, becomes) == []


@pytest.mark.parametrize(
    "given",
    [
        "privileged: true",
        "pid: host",
        'pid: "service:postgres"',
        "ipc: host",
        "uts: host",
        "userns_mode: host",
        "cgroup: host",
        "cgroup_parent: /",
        "cap_add: [SYS_ADMIN]",
        "cap_add: [CAP_NET_ADMIN, CHOWN]",
        "cap_add: [ALL]",
        "devices: [/dev/kvm]",
        'device_cgroup_rules: ["c 1:3 mr"]',
        "gpus: all",
        'security_opt: ["seccomp:unconfined"]',
        'security_opt: ["no-new-privileges:true", "apparmor=unconfined"]',
        'security_opt: ["no-new-privileges:false"]',
        "volumes_from: [postgres]",
        'post_start: [{command: "true", privileged: true}]',
    ],
)
def test_a_hold_on_the_host_is_refused_at_its_line(contract: Contract, given: str) -> None:
    found = _spoilt(contract, "  maintenance:\n", f"  maintenance:\n    {given}\n")
    key, line = given.partition(":")[0], _line(_COMPOSE, "  maintenance:\n") + 1
    assert len(found) == 1, found
    assert found[0].startswith(f"{line}: service 'maintenance' has {key}: ")
    assert "; take it out" in found[0]


@pytest.mark.parametrize(
    "given",
    [
        "privileged: false",
        "ipc: private",
        "cgroup: private",
        "cap_add: [CHOWN, CAP_SETUID]",
        'security_opt: ["no-new-privileges:true"]',
        "devices: []",
    ],
)
def test_what_a_container_has_anyway_is_not_refused(contract: Contract, given: str) -> None:
    assert _spoilt(contract, "  maintenance:\n", f"  maintenance:\n    {given}\n") == []


def test_scaffolding_in_which_nothing_restored_runs_may_be_privileged(contract: Contract) -> None:
    """A drill never starts it."""
    assert _spoilt(contract, "  seed:\n", "  seed:\n    privileged: true\n") == []


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "host", "overlay"])
def test_a_network_of_another_driver_is_refused(contract: Contract, driver: str) -> None:
    """Whatever it is called: internal says nothing there."""
    found = _spoilt(contract, "    internal: true\n", f"    internal: true\n    driver: {driver}\n")
    assert found == [
        f"{_line(_COMPOSE, '    internal: true') + 1}: network 'core' has the driver {driver!r}, and only "
        "'bridge' is isolated; take it out"
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (
            'inhibit_ipv4: "true"}',
            'inhibit_ipv4: "true", com.docker.network.bridge.name: br0}',
            "bridge.name",
        ),
        ("  edge:\n    driver", "  edge:\n    external: true\n    driver", "external"),
    ],
)
def test_a_network_that_is_there_already_is_refused(
    contract: Contract, was: str, becomes: str, said: str
) -> None:
    (found,) = _spoilt(contract, was, becomes)
    assert "has a fixed" in found
    assert said in found


def test_a_network_without_the_edge_is_named_with_what_to_add(contract: Contract) -> None:
    """The drill's networks are those that the edge makes."""
    (found,) = _spoilt(contract, "networks: [core, edge]", "networks: [edge]")[:1]
    assert "is on 'core', where the edge is not" in found
    assert "add 'core' to the networks of the edge" in found


def test_a_file_without_an_edge_is_told(contract: Contract) -> None:
    found = _spoilt(contract, "  edge:\n    <<: *part\n", "  edgy:\n    <<: *part\n")
    assert any("it has no service 'edge', which carries the harness's connections" in one for one in found)


@pytest.mark.parametrize("given", ["{}", "{disable: true}", "{test: NONE}", '{test: ["NONE"]}'])
def test_a_service_that_nobody_asks_for_its_health_is_refused(contract: Contract, given: str) -> None:
    """It would count as healthy as soon as it runs."""
    check = 'healthcheck: {<<: *health, test: [CMD, healthy, "http://api:8000/readyz"]}'
    (found,) = _spoilt(contract, check, f"healthcheck: {given}")
    assert found.startswith(f"{_line(_COMPOSE, check)}: service 'api' has no healthcheck")


def test_a_service_whose_log_says_when_it_is_ready_needs_no_healthcheck(contract: Contract) -> None:
    check = "    healthcheck: {<<: *health, test: [CMD, with-environment, python, /opt/stack/beating.py]}\n"
    assert _spoilt(contract, check, "") == []


def test_an_entrypoint_may_not_set_what_the_restored_environment_lacks(contract: Contract) -> None:
    found = _spoilt(contract, "  api:\n", "  api:\n    entrypoint: [env, SMTP_HOST=elsewhere]\n")
    assert [one.partition(": ")[2] for one in found] == [
        "service 'api' has an entrypoint, which may set what the restored environment lacks; take it out and "
        "let the image's own start it"
    ]


@pytest.mark.parametrize("given", ["scale: 2", "deploy: {replicas: 2}", "deploy: {replicas: 0}"])
def test_each_service_is_one_container(contract: Contract, given: str) -> None:
    (found,) = _spoilt(contract, "  api:\n", f"  api:\n    {given}\n")
    assert "service 'api' is to run" in found
    assert found.startswith(f"{_line(_COMPOSE, '  api:') + 1}: ")


def _resolved() -> dict[str, Any]:
    """Something like the output of `docker compose config`: names are given, and lists are long."""
    config: dict[str, Any] = copy.deepcopy(YAML(typ="safe", pure=True).load(_COMPOSE))
    config["name"] = "rp-prepare"
    for kind in ("networks", "volumes"):
        for name, one in config[kind].items():
            one["name"] = f"rp-prepare_{name}"
    config["networks"]["core"]["ipam"] = {}
    config["services"]["api"]["entrypoint"] = None
    config["services"]["edge"]["ports"] = [_port(5432), _port(8443)]
    config["services"]["postgres"]["volumes"] = [
        {"type": "volume", "source": "postgres-data", "target": "/var/lib/postgresql", "volume": {}}
    ]
    return config


def _port(target: int, **more: Any) -> dict[str, Any]:
    """A port as compose writes it, on a random port of the machine."""
    return {"mode": "ingress", "host_ip": "127.0.0.1", "target": target, "protocol": "tcp", **more}


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (_port(5432, host_ip="0.0.0.0"), "publishes 5432 at 0.0.0.0:a random port/tcp"),
        (_port(5432, published="5432"), "publishes 5432 at 127.0.0.1:5432/tcp"),
        (_port(5432, protocol="udp"), "publishes 5432 at 127.0.0.1:a random port/udp"),
        ({"mode": "ingress", "target": 5432, "protocol": "tcp"}, "at every address:a random port/tcp"),
    ],
)
def test_a_port_that_others_reach_is_found_in_what_compose_made_of_the_file(
    contract: Contract, port: dict[str, Any], said: str
) -> None:
    shutil.copyfile(_STACK / "compose.yaml", contract.directory / "compose.yaml")
    config = _resolved()
    config["services"]["edge"]["ports"] = [port]
    (found,) = problems_resolved(contract, _DATA, config)
    assert said in str(found)
    assert found.where.line == _line(_COMPOSE, "    ports:\n      - 127.0.0.1::5432")


def test_names_that_compose_makes_are_no_fixed_ones(contract: Contract) -> None:
    shutil.copyfile(_STACK / "compose.yaml", contract.directory / "compose.yaml")
    assert problems_resolved(contract, _DATA, _resolved()) == []


def test_what_a_variable_or_another_file_brings_is_found_at_the_line_that_brings_it(
    contract: Contract,
) -> None:
    """The file reads well with every variable at its default."""
    text = _COMPOSE.replace(_MOUNT, "- ${PG:-postgres-data}:/var/lib/postgresql\n")
    (contract.directory / "compose.yaml").write_text(text)
    assert problems(contract, _DATA) == []
    config = _resolved()
    config["services"]["postgres"]["volumes"][0].update(type="bind", source="/srv/pg")
    config["services"]["api"]["privileged"] = True
    found = [f"{one.where.line}: {one}" for one in problems_resolved(contract, _DATA, config)]
    volumes = text[: text.index("- ${PG:-")].count("\n")
    assert found[0].startswith(
        f"{volumes}: service 'postgres' has its data at /var/lib/postgresql in /srv/pg"
    )
    assert found[1].startswith(f"{_line(text, '  api:')}: service 'api' has privileged: True")


_SERVICE = (
    *("networks", "volumes", "healthcheck", "deploy", "cap_add", "security_opt", "labels", "expose", "ports"),
    *(
        "command",
        "image",
        "pid",
        "devices",
        "scale",
        "entrypoint",
        "ipc",
        "configs",
        "logging",
        "dns",
        "user",
    ),
    *("restart", "ulimits", "pids_limit", "tmpfs", "unheard-of"),
)
_DEFINED = ("driver_opts", "driver", "name", "ipam", "external")
_PLACES: list[tuple[str, ...]] = [
    *(("services", name, key) for name in ("api", "edge") for key in _SERVICE),
    *(
        (*kind, key)
        for kind in (("networks", "core"), ("networks", "edge"), ("volumes", "postgres-data"))
        for key in _DEFINED
    ),
    *(("networks", "core"), ("volumes", "postgres-data"), ("services", "api"), ("networks",), ("volumes",)),
    *(("configs",), ("configs", "edge"), ("configs", "edge", "file"), ("unheard-of",)),
]


@pytest.mark.parametrize(
    "value", [5, True, "word", [5], {"a": None}, [{"a": ["b"]}], [["a"]], {"a": {"b": 1}}]
)
def test_whatever_stands_at_a_key_is_no_traceback(contract: Contract, value: Any) -> None:
    """`docker compose config` says what is wrong with it; the linter says what it can."""
    shipped: dict[str, Any] = YAML(typ="safe", pure=True).load(_COMPOSE)
    for *path, last in _PLACES:
        config = copy.deepcopy(shipped)
        node = config
        for key in path:
            node = node[key]
        node[last] = value
        composed = Composed("compose.yaml", config, config)
        for rule in RULES:
            assert all(str(problem) for problem in rule(composed, ComposeStack(contract, _DATA)))


def test_the_documentation_lists_every_key_that_may_be_there_and_no_other() -> None:
    page = (_STACK.parents[1] / "docs" / "containers.md").read_text()
    table = page.partition("| Where | Keys that may be there |\n")[2].partition("\n\n")[0]
    rows = [line.split("|")[2] for line in table.splitlines()[1:]]
    listed = [set(re.findall(r"`([a-z_0-9]+)`", row)) for row in rows]
    alone = set(allowed.SERVICE) - set(allowed.EDGE_SERVICE)
    keys = [allowed.WHOLE, allowed.EDGE_SERVICE, alone, allowed.ATTACHMENT, allowed.NETWORK, allowed.VOLUME]
    assert listed == [set(one) for one in [*keys, allowed.MOUNT]]
    assert set(allowed.EDGE_NETWORK) == set(allowed.NETWORK)
    assert set(allowed.EDGE_SERVICE) < set(allowed.SERVICE)

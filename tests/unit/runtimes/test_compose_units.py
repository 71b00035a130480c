"""What the compose runtime decides without a daemon: owners, overrides, and whose directories are whose."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from ruamel.yaml import YAML

from restoreproof.components import registry
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError, UsageError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose import component as container
from restoreproof.runtimes.compose.component import Container, container_component, data_places
from restoreproof.runtimes.compose.limits import Limits
from restoreproof.runtimes.compose.override import left_of, write_edge, write_start, write_tool
from restoreproof.runtimes.compose.owner import Owner
from restoreproof.runtimes.process import component as process
from restoreproof.runtimes.registry import driver, names

POSTGRES = Service(component="postgres", port=5432, starts="database")
NGINX = Service(component="nginx", port=8443, starts="api", names=("wipe.example",))


def test_every_runtime_is_found_by_its_name() -> None:
    assert {"process", "compose"} <= set(names())
    assert [driver(name).name for name in names()] == list(names())
    with pytest.raises(UsageError, match="no runtime 'podman'"):
        driver("podman")


def test_a_living_owner_is_not_gone() -> None:
    owner = Owner.this()
    assert Owner.parse(str(owner)) == owner
    assert owner.why_not_gone() is not None


@pytest.mark.parametrize("change", [{"started": "1"}, {"pid": 2**22 + 1}, {"boot": "another"}])
def test_an_owner_is_gone_with_its_process_its_start_or_its_boot(change: dict[str, str]) -> None:
    assert replace(Owner.this(), **change).why_not_gone() is None


def test_an_owner_of_another_pid_namespace_is_never_called_gone() -> None:
    assert replace(Owner.this(), namespace="1", pid=1, started="1").why_not_gone() is not None


@pytest.mark.parametrize("change", [{}, {"started": "1"}, {"pid": 2**22 + 1}, {"boot": "another"}])
def test_an_owner_of_another_machine_is_never_called_gone(change: dict[str, str]) -> None:
    """One daemon may serve several machines: DOCKER_HOST=ssh://… of each names it."""
    owner = replace(Owner.this(), machine="0" * 16, **change)
    assert owner.why_not_gone() is not None
    assert "another machine" in str(owner.why_not_gone())


def test_an_owner_that_ended_is_gone_though_nobody_has_asked_for_it_yet() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        owner = replace(Owner.this(), pid=process.pid, started=ticks)
        assert owner.why_not_gone() == f"its process {process.pid} lives"
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert owner.why_not_gone() is None


@pytest.mark.parametrize("label", ["", "1", "x:1:b:n", "1:2:3:4:5"])
def test_a_label_that_nobody_wrote_names_no_owner(label: str) -> None:
    assert Owner.parse(label) is None


def read(path: Path) -> object:
    """The override as compose reads it."""
    yaml = YAML(typ="rt")
    return yaml.load(path)


def tags(block: Any) -> dict[str, str | None]:
    """How compose is to treat what the file itself has there."""
    return {key: value.tag.value for key, value in block.items() if hasattr(value, "tag")}


def test_an_override_is_private_and_takes_no_dollar_for_its_own(tmp_path: Path) -> None:
    path, files = tmp_path / "one.yaml", tmp_path / "files"
    container = Container(
        environment={"PASSWORD": Secret("PASSWORD", "a$b${c}"), "PLAIN": "x"},
        files={"nginx.conf": b"events {}", "signer/key.pem": b"key"},
        volumes=("/kept",),
        arguments=["--held"],
    )
    block = {
        "command": ["serve"],
        "networks": {"core": None},
        "volumes": [{"type": "volume", "source": "a", "target": "/kept"}, {"target": "/scaffold"}],
    }
    write_start(
        path, name="nginx", service=NGINX, container=container, block=block, files=files, limits=Limits()
    )
    assert path.stat().st_mode & 0o777 == 0o600
    block = read(path)["services"]["nginx"]  # type: ignore[index]
    assert block["environment"] == {"PASSWORD": "a$$b$${c}", "PLAIN": "x"}
    assert block["command"] == ["serve", "--held"]
    assert block["networks"] == {"core": {"aliases": ["wipe.example"]}}
    assert [mount["target"] for mount in block["volumes"]] == ["/kept", "/data/nginx.conf", "/data/signer"]
    assert all(mount["read_only"] for mount in block["volumes"][1:])
    assert (files / "signer" / "key.pem").stat().st_mode & 0o777 == 0o644


INJECTING = {
    "environment": {"SMTP_HOST": "elsewhere", "PGDATA": "/data"},
    "secrets": [{"source": "s"}],
    "configs": [{"source": "c"}],
}


@pytest.mark.parametrize(
    ("environment", "tag", "forgotten"),
    [("restored", "!override", {"secrets", "configs", "env_file"}), (None, None, {"secrets", "configs"})],
)
def test_a_restored_environment_is_all_that_a_service_gets(
    tmp_path: Path, environment: str | None, tag: str | None, forgotten: set[str]
) -> None:
    """Of the file's own variables what stays is told, by name alone."""
    path, container = tmp_path / "one.yaml", Container(environment={"PGDATA": "/elsewhere"})
    service = NGINX.model_copy(update={"environment": environment})
    write_start(
        path,
        name="nginx",
        service=service,
        container=container,
        block=INJECTING,
        files=tmp_path / "files",
        limits=Limits(),
    )
    block = read(path)["services"]["nginx"]  # type: ignore[index]
    assert tags(block)["environment"] == tag
    assert {key for key, tag in tags(block).items() if tag == "!reset"} == forgotten
    left = [one.name for one in left_of(service, container, INJECTING)]
    assert left == ([] if environment else ["environment SMTP_HOST"])


@pytest.mark.parametrize("kind", ["bind", "tmpfs", "npipe"])
def test_data_that_would_be_kept_in_no_volume_are_refused_at_the_start_too(tmp_path: Path, kind: str) -> None:
    """Linting saw the file with its variables at their defaults."""
    block = {"volumes": [{"type": kind, "source": "/srv/pg", "target": "/kept"}]}
    with pytest.raises(ContractError, match=f"at /kept in the {kind} '/srv/pg'"):
        write_start(
            tmp_path / "one.yaml",
            name="postgres",
            service=POSTGRES,
            container=Container(volumes=("/kept",)),
            block=block,
            files=tmp_path / "files",
            limits=Limits(),
        )


def test_each_part_keeps_the_places_of_its_data() -> None:
    """The linter asks for the same that a start keeps."""
    assert data_places("postgres") == container_component("postgres", POSTGRES).container(Start()).volumes
    assert (data_places("postgres"), data_places("seaweedfs")) == (("/var/lib/postgresql",), ("/data",))
    assert data_places("python") == data_places("no-such-component") == ()


def test_a_sinks_ports_are_the_contracts() -> None:
    service = Service(component="http-sink", port=8026, ports={"effects": 8027}, starts="secrets")
    given = container_component("webhook", service).container(Start()).environment
    assert given == {"SINK_PORT": "8026", "SINK_EFFECTS_PORT": "8027"}


def test_a_file_that_leads_out_is_refused(tmp_path: Path) -> None:
    container = Container(files={"../outside": b"x"})
    with pytest.raises(ContractError, match="leads out"):
        write_start(
            tmp_path / "one.yaml",
            name="api",
            service=NGINX,
            container=container,
            block={},
            files=tmp_path / "f",
            limits=Limits(),
        )


def test_a_tool_gets_none_of_the_services_mounts_and_variables(tmp_path: Path) -> None:
    write_tool(tmp_path / "tool.yaml", "postgres", {}, Limits())
    block = read(tmp_path / "tool.yaml")["services"]["postgres"]  # type: ignore[index]
    assert block["volumes"] == []
    assert block["environment"] == {}
    assert tags(block)["environment"] == "!override"
    reset = {key for key, tag in tags(block).items() if tag == "!reset"}
    assert reset == {"secrets", "configs", "env_file", "build"}


def test_the_administrators_password_reaches_postgres_as_a_file_only() -> None:
    container = container_component("postgres", POSTGRES).container(Start())
    assert container.administrator is not None
    password = container.administrator.password.reveal()
    assert container.files["password"] == password.encode()
    assert password not in str(dict(container.environment)) + str(list(container.arguments))
    assert container.environment["POSTGRES_PASSWORD_FILE"] == f"{container.place}/password"


def test_every_component_of_the_process_runtime_has_its_part_in_containers() -> None:
    for name in registry.names():
        component = registry.component(name)
        assert component is not None
        assert component.part(process.PART, process.ProcessComponent), name
        assert component.part(container.PART, container.ContainerComponent), name


GIVEN_LIMITS = Limits(memory=2**30, file_bytes=2**32, open_files=65536)


def test_each_container_has_limits_and_what_it_logs_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    write_start(
        path,
        name="postgres",
        service=POSTGRES,
        container=Container(),
        block={"tmpfs": ["/run/own:size=1m"], "user": "10001:20"},
        files=tmp_path / "files",
        limits=GIVEN_LIMITS,
        writable=("/tmp", "/run/own"),
    )
    block: Any = read(path)["services"]["postgres"]  # type: ignore[index]
    assert (block["pids_limit"], block["mem_limit"], block["memswap_limit"]) == (2048, 2**30, 2**30)
    assert block["ulimits"] == {"nofile": {"soft": 65536, "hard": 65536}, "core": 0, "fsize": 2**32}
    assert block["logging"] == {"driver": "json-file", "options": {"max-size": "50m", "max-file": "2"}}
    assert block["security_opt"] == ["no-new-privileges:true"]
    assert block["restart"] == "no"
    assert block["read_only"] is True
    assert block["tmpfs"] == ["/run/own:size=1m", "/tmp:mode=1777,size=256m,uid=10001,gid=20"]
    assert tags(block)["ulimits"] == tags(block)["security_opt"] == "!override"


def test_what_the_compose_file_limits_itself_stays(tmp_path: Path) -> None:
    stated = {
        "pids_limit": 50,
        "deploy": {"resources": {"limits": {"memory": "268435456"}}},
        "ulimits": {"nofile": {"soft": 10, "hard": 20}},
    }
    write_tool(tmp_path / "tool.yaml", "postgres", stated, GIVEN_LIMITS)
    block: Any = read(tmp_path / "tool.yaml")["services"]["postgres"]  # type: ignore[index]
    assert not {"pids_limit", "mem_limit", "memswap_limit"} & set(block), "compose refuses to be told twice"
    assert block["ulimits"]["nofile"] == {"soft": 10, "hard": 20}
    assert "read_only" not in block


def test_the_edge_runs_what_is_generated_whatever_the_file_says_of_it(tmp_path: Path) -> None:
    stated = {"command": ["-c", "/own.conf"], "healthcheck": {"test": ["CMD", "relay"]}}
    write_edge(tmp_path / "edge.yaml", "edge", stated, tmp_path / "edge.conf", GIVEN_LIMITS)
    block: Any = read(tmp_path / "edge.yaml")["services"]["edge"]  # type: ignore[index]
    assert block["entrypoint"] == ["nginx"]
    assert block["command"] == ["-p", "/tmp/", "-c", "/etc/restoreproof/edge.conf", "-e", "stderr"]
    assert [(mount["source"], mount["read_only"]) for mount in block["volumes"]] == [
        (str(tmp_path / "edge.conf"), True)
    ]
    assert block["sysctls"] == {"net.ipv4.ip_forward": "0"}
    assert block["read_only"] is True
    assert "8999" in block["healthcheck"]["test"][-1]
    overridden = {"entrypoint", "command", "environment", "volumes", "healthcheck", "sysctls", "tmpfs"}
    assert overridden <= {key for key, tag in tags(block).items() if tag == "!override"}
    assert {"secrets", "configs", "env_file"} == {key for key, tag in tags(block).items() if tag == "!reset"}


@pytest.mark.parametrize("name", ["postgres", "seaweedfs", "smtp-sink", "http-sink"])
def test_the_root_of_what_is_known_to_allow_it_is_read_only(name: str) -> None:
    component = registry.component(name)
    assert component is not None
    part = component.part(container.PART, container.ContainerComponent)
    assert part is not None
    assert part.writable is not None
    assert "/tmp" in part.writable
    assert name not in {"smtp-sink", "http-sink"} or "/data" in part.writable, "they note there what came"

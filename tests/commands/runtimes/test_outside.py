"""What of the runtime is decided outside the sandbox: addresses, the control, the cache, the diagnosis."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from restoreproof.components import registry
from restoreproof.components.keycloak import user_cache
from restoreproof.components.postgres.process import PostgresProcess
from restoreproof.contract.services import Service
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.process import doctor
from restoreproof.runtimes.process.addresses import addresses, hosts
from restoreproof.runtimes.process.isolation import LISTENERS, SandboxControl, probe


def test_the_order_of_the_contract_decides_the_addresses() -> None:
    assert addresses(["a", "b"]) == {"a": "127.20.0.1", "b": "127.20.0.2"}
    assert len(set(addresses(map(str, range(600))).values())) == 600
    service = Service(component="nginx", port=8443, names=("wipe.example",), starts="x")
    assert hosts({"nginx": service}) == "127.0.0.1 localhost\n127.20.0.1 nginx wipe.example\n"


def test_every_component_is_found_by_its_name() -> None:
    expected = {"postgres", "seaweedfs", "keycloak", "nginx", "python", "smtp-sink", "http-sink"}
    assert set(registry.names()) == expected


def test_the_control_is_reached_outside_and_counts_strangers() -> None:
    with SandboxControl() as control:
        assert [(one.probe, one.reached) for one in control.probe_outside()] == [
            (name, True) for name in LISTENERS
        ]
        assert control.from_inside() == 0
        host, port = control.targets[LISTENERS[0]].split(":")
        with socket.create_connection((host, int(port))) as stranger:
            assert control.from_inside() == 1, "counted at once, however slowly the listener's thread runs"
            assert stranger.recv(1) == b"", "it was accepted, and closed"
        assert [one.reached for one in control.probe_outside()] == [True, True]
        assert control.from_inside() == 1
        targets = control.targets
    assert not any(one.reached for one in probe({name: targets[name] for name in LISTENERS}))


class OfflineMaven:
    """Stands for a machine without a network."""

    def __init__(self, **_: Any) -> None:
        raise RuntimeError("Could not resolve artifact")


@pytest.mark.skipif(os.geteuid() == 0, reason="Keycloak is built as an ordinary user")
def test_offline_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jgo.maven.MavenContext", OfflineMaven)
    said: list[str] = []
    with pytest.raises(EnvironmentUnfitError, match="next: connect once to the network"):
        user_cache.ensure(tmp_path, said.append)
    assert said == ["Keycloak 26.7.3: fetching the distribution (once, about 160 MB)"]
    assert not user_cache.home(tmp_path).root.exists()


class ForgedMaven:
    """Hands out a file that is not the pinned one."""

    def __init__(self, *, repo_cache: Path, **_: Any) -> None:
        self.file = repo_cache / "forged.zip"

    def project(self, *_: str) -> ForgedMaven:
        return self

    at_version = project

    def artifact(self, packaging: str) -> ForgedMaven:
        self.file.parent.mkdir()
        self.file.write_text(packaging)
        return self

    def resolve(self) -> Path:
        return self.file


@pytest.mark.skipif(os.geteuid() == 0, reason="Keycloak is built as an ordinary user")
def test_a_distribution_with_another_digest_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jgo.maven.MavenContext", ForgedMaven)
    with pytest.raises(EnvironmentUnfitError, match="not the pinned"):
        user_cache.ensure(tmp_path, str)
    assert not (tmp_path / "maven" / "forged.zip").exists()


def test_an_unbuilt_keycloak_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfitError, match=r"not built .*\n  next: "):
        user_cache.built(tmp_path)


def test_the_diagnosis_names_every_part_and_its_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = {one.what: one for one in doctor.diagnose(tmp_path, tmp_path)}
    assert [one for one in healthy.values() if not one.ok] == []
    assert {"namespaces", "PostgreSQL", "Keycloak", "nginx", "SeaweedFS", "bubblewrap"} <= set(healthy)
    monkeypatch.setattr(doctor, "namespaces_available", lambda: "AppArmor restricts user namespaces")
    monkeypatch.setattr(PostgresProcess, "programs", (("PostgreSQL", "no-such-package", "postgres"),))
    sick = {one.what: one for one in doctor.diagnose(tmp_path, tmp_path) if not one.ok}
    assert set(sick) == {"namespaces", "PostgreSQL"}
    assert all("; next: " in one.detail for one in sick.values())

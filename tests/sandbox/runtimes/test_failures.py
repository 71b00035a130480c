"""What goes wrong is said with its reason, its last log lines and the next step, and nothing stays behind."""

from __future__ import annotations

import shutil
import socket
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from restoreproof.errors import ContractError, EnvironmentUnfitError, ExitCode, ServiceFailedError
from restoreproof.redaction.redactor import MASK, Secret
from restoreproof.runtimes.base import Start


def test_a_service_that_dies_while_starting_is_reported_at_once_with_its_log(build, python) -> None:
    runtime = build(api=python("-m", "stand_in", "die", ready={"path": "/"}, deadline_s=60))
    slipped = Secret("slipped", "Kj8s-20Qx-71Lm")
    with pytest.raises(ServiceFailedError) as caught:
        runtime.start("api", Start(environment={"SLIPPED": slipped}))
    message = str(caught.value)
    assert "exited with code 3 while starting" in message
    assert "| the disk of the moon is missing" in message
    assert MASK in message
    assert slipped.reveal() not in message
    assert caught.value.exit_code is ExitCode.NOT_VERIFIED
    assert not runtime.running("api")


def test_a_service_that_is_never_ready_is_stopped_and_told_with_what_was_seen_last(build, python) -> None:
    runtime = build(api=python("-m", "stand_in", "silent", ready={"path": "/"}, deadline_s=0.5))
    with pytest.raises(ServiceFailedError) as caught:
        runtime.start("api")
    message = str(caught.value)
    assert "not within" in message
    assert "refused" in message
    assert "| I am here and never ready" in message
    assert not runtime.running("api")


def test_a_missing_module_comes_with_a_hint(build, python) -> None:
    runtime = build(api=python("-m", "no_such_module", ready={"path": "/"}))
    with pytest.raises(ServiceFailedError, match="next: the release tree or its virtual environment"):
        runtime.start("api")


def test_a_log_line_of_an_earlier_start_does_not_count_as_ready(build, python) -> None:
    runtime = build(worker=python("-m", "stand_in", "stubborn", ready={"log": "ready"}, deadline_s=5))
    runtime.start("worker")
    runtime.stop("worker", grace_s=0.1)
    log = runtime.log_tail("worker")
    assert log == "ready"
    runtime.start("worker")
    assert runtime.log_tail("worker") == "ready\nready"


def test_a_service_that_ignores_sigterm_is_killed_with_its_children(build, python) -> None:
    runtime = build(worker=python("-m", "stand_in", "stubborn", ready={"log": "ready"}))
    runtime.start("worker")
    runtime.stop("worker", grace_s=0.1)
    assert not runtime.running("worker")
    # The stand-in and the child it started, which had no part in any signal.
    assert [
        one.cmdline() for one in psutil.process_iter() if "time.sleep(60)" in " ".join(one.cmdline())
    ] == []


def test_a_busy_port_is_named_before_anything_starts(build, python, events) -> None:
    runtime = build(api=python("-m", "stand_in", "silent", ready={"path": "/"}))
    address = runtime.endpoint("api").address
    busy = r"port 8000 on 127\.20\.0\.1 is busy"
    with socket.create_server((address, 8000)), pytest.raises(ServiceFailedError, match=busy):
        runtime.start("api")
    assert events.of("service-started") == []


def test_data_of_an_earlier_run_is_refused(build, python, tmp_path: Path) -> None:
    service = python("-m", "stand_in", "silent", ready={"path": "/"})
    left = tmp_path / "services" / "api" / "data" / "postmaster.pid"
    left.parent.mkdir(parents=True)
    left.write_text("4711")
    with pytest.raises(EnvironmentUnfitError, match="holds data of an earlier run"):
        build(api=service)


def test_too_little_room_is_said_before_anything_starts(build, python, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(EnvironmentUnfitError, match="0 MiB are free"):
        build(api=python("-m", "stand_in", "silent", ready={"path": "/"}))


@pytest.mark.parametrize("path", ["/etc/passwd", "../../escaped", "link/escaped", ""])
def test_a_file_of_a_service_stays_in_its_data_directory(build, python, tmp_path: Path, path: str) -> None:
    runtime = build(api=python("-m", "stand_in", "silent", ready={"path": "/"}))
    (runtime.data_directory("api") / "link").symlink_to(tmp_path)
    with pytest.raises((ContractError, OSError)):
        runtime.start("api", Start(files={path: b"x"}))
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ({"component": "postgress", "port": 1}, "there is no component 'postgress'"),
        ({"component": "postgres", "port": 1, "verion": "18"}, "verion: Extra inputs"),
        ({"component": "python", "port": 1}, "venv: Field required"),
    ],
)
def test_what_a_component_does_not_know_is_refused(build, service, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        build(it=service)


def test_another_major_version_is_refused_before_anything_starts(build) -> None:
    runtime = build(postgres={"component": "postgres", "port": 5432, "version": "14"})
    with pytest.raises(ContractError, match="wants PostgreSQL 14"):
        runtime.start("postgres")


def test_a_service_nobody_declared_is_named(build, python) -> None:
    runtime = build(api=python("-m", "stand_in", "silent"))
    with pytest.raises(ContractError, match="no service 'appi'"):
        runtime.endpoint("appi")
    with pytest.raises(ContractError, match="no port called 'metrics'"):
        runtime.endpoint("api", "metrics")


def test_a_secret_stands_on_no_command_line(build, python) -> None:
    runtime = build(worker=python("-m", "stand_in", "stubborn", ready={"log": "ready"}))
    secret = Secret("token", "Zx9-77qq-KLm2")
    runtime.start("worker", Start(environment={"TOKEN": secret}))
    shown = [" ".join(one.cmdline()) for one in psutil.process_iter()]
    assert any("stand_in" in line for line in shown)
    assert not any(secret.reveal() in line for line in shown)

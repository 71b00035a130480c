"""What the external runtime does with commands, against real stores, and what it says it can't."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from restoreproof.backups.missing import NotInTarget
from restoreproof.backups.references import Reference
from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import ReferenceLost, Start
from restoreproof.runtimes.external.markers import MarkerRefusedError
from tests.sandbox.external.conftest import BLOCK, CONTRACT, NONCE, Foreign

POINT = datetime(2026, 11, 22, tzinfo=UTC)
SNAPSHOT = Reference(reference="arn:snapshot:nightly")
UP = 'echo "worker is ready" >> worker.log'


def test_a_database_that_runs_already_is_waited_for_and_used_by_its_administrator(foreign: Foreign) -> None:
    runtime = foreign.runtime()
    runtime.start("db", Start(environment={"GIVEN": "x"}))
    done = runtime.run_tool("db", "psql", ["-Atc", "select current_user, 6 * 7"])
    assert done.stdout.decode() == f"{foreign.stores.environment['DB_USER']}|42\n"
    [override] = foreign.events.of("override")
    assert (override["service"], override["name"]) == ("db", "configured by its provisioner")
    [started] = foreign.events.of("service-started")
    assert started["source"].startswith("found at 127.")
    assert runtime.running("db")
    assert runtime.started_at("db") is None


def test_the_users_own_variables_lead_no_client_elsewhere(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = {**os.environ, "PGHOSTADDR": "127.0.0.2", "PGSERVICE": "production"}
    monkeypatch.setenv("RESTOREPROOF_USER_ENVIRONMENT", json.dumps(handed))
    runtime = foreign.runtime()
    done = runtime.run_tool("db", "psql", ["-Atc", "select 6 * 7"])
    assert (done.returncode, done.stdout) == (0, b"42\n"), done.stderr


def test_a_service_is_started_with_files_variables_and_arguments_that_are_gone_afterwards(
    foreign: Foreign,
) -> None:
    foreign.command(
        "start",
        f"""cp -r "$RESTOREPROOF_FILES" kept; cp "$RESTOREPROOF_ENVIRONMENT" kept/environment
        stat -c %a "$RESTOREPROOF_ENVIRONMENT" "$RESTOREPROOF_FILES/a/b" > kept/modes
        echo "$1 $RESTOREPROOF_SERVICE $RESTOREPROOF_STAGE" > kept/told
        echo "$RESTOREPROOF_ARGUMENTS $RESTOREPROOF_MARKER" >> kept/told
        echo "$RESTOREPROOF_FILES" > kept/where
        {UP}""",
    )
    runtime = foreign.runtime()
    runtime.stage = "smoke"
    secret = Secret("S", "a-restored-secret")
    runtime.start("worker", Start({"PLAIN": "1 2", "S": secret}, {"a/b": b"content"}, ("--held",)))
    kept = foreign.directory / "kept"
    assert (kept / "a" / "b").read_bytes() == b"content"
    assert (kept / "environment").read_text() == "PLAIN=1 2\nS=a-restored-secret\n"
    assert set((kept / "modes").read_text().split()) == {"600"}
    assert (kept / "told").read_text() == f'worker worker smoke\n["--held"] {NONCE}\n'
    assert not Path((kept / "where").read_text().strip()).exists()
    assert "a-restored-secret" not in str(foreign.events.all)


def test_nothing_of_a_target_is_run_before_a_store_of_it_is_proven(foreign: Foreign) -> None:
    """What a command is told are restored secrets: they go to nobody who may be production."""
    foreign.command("start", "touch started")
    foreign.command("stop", "touch stopped")
    runtime = foreign.runtime(DB_PORT="1", S3_PORT="1")
    for handle in (runtime.start, runtime.stop):
        with pytest.raises(MarkerRefusedError, match="worker is not touched: no store of the target"):
            handle("worker")
    assert not (foreign.directory / "started").exists()
    assert not (foreign.directory / "stopped").exists()


def test_a_log_of_an_earlier_start_does_not_count(foreign: Foreign) -> None:
    foreign.command("start", UP)
    foreign.command("stop", "true")
    runtime = foreign.runtime()
    runtime.start("worker")
    runtime.stop("worker")
    assert not runtime.running("worker")
    foreign.command("start", f"(sleep 1; {UP}) &")
    runtime.start("worker")
    assert runtime.log_tail("worker") == "worker is ready\nworker is ready"


def test_a_start_that_fails_is_told_with_what_it_said_and_no_secret(foreign: Foreign) -> None:
    foreign.command("start", 'echo "no room; $(cat "$RESTOREPROOF_ENVIRONMENT")" >&2; exit 4')
    runtime = foreign.runtime()
    with pytest.raises(ServiceFailedError, match="start of worker ended with 4: no room") as caught:
        runtime.start("worker", Start({"S": Secret("S", "a-restored-secret")}))
    assert "a-restored-secret" not in str(caught.value)
    assert "./start worker" in str(caught.value)
    [command] = foreign.events.of("command")
    assert command["returncode"] == 4
    assert "no room" in command["stderr_tail"]
    assert "a-restored-secret" not in command["stderr_tail"]


def test_what_runs_already_can_not_be_held_or_stopped(foreign: Foreign) -> None:
    runtime = foreign.runtime(BLOCK + "    web: {address: $DB, port: 5432}\n")
    with pytest.raises(NotInTarget, match=r"the target lacks web: it runs already, and .* can't be held"):
        runtime.start("web", Start(arguments=("--held",)))
    with pytest.raises(NotInTarget, match="web: its external: block has no stop command"):
        runtime.stop("web")
    with pytest.raises(NotInTarget, match="no exec command to run nginx with"):
        runtime.run_tool("web", "nginx", ["-t"])
    runtime.start("web")


def test_what_is_not_listed_is_not_there(foreign: Foreign) -> None:
    runtime = foreign.runtime()
    with pytest.raises(NotInTarget, match="the target lacks web"):
        runtime.start("web")
    with pytest.raises(NotInTarget, match="worker: its external: block names no administrator"):
        runtime.administrator("worker")
    assert runtime.log_tail("web") == ""


def test_a_tool_runs_by_the_exec_command_with_its_variables_and_directories(foreign: Foreign) -> None:
    foreign.command(
        "inside", 'shift; echo "$@" "$RESTOREPROOF_READ"; cat "$RESTOREPROOF_ENVIRONMENT" -; exit 3'
    )
    given, said = foreign.directory / "given", foreign.directory / "said"
    given.write_text("from stdin\n")
    done = foreign.runtime().run_tool(
        "s3",
        "weed",
        ["version"],
        environment={"A": "1"},
        read=[Path("/some/where")],
        stdin=given,
        stdout=said,
    )
    assert done.returncode == 3
    assert said.read_text() == 'weed version ["/some/where"]\nA=1\nfrom stdin\n'
    [command] = foreign.events.of("command")
    assert (command["tool"], command["argv"]) == ("weed", ["./inside", "--", "weed", "version"])


@pytest.mark.parametrize("ending", ["exit 125", "exit 127", "exit 255", "kill -9 $$"])
def test_a_tool_that_could_not_be_run_says_nothing_of_the_backup(foreign: Foreign, ending: str) -> None:
    foreign.command("inside", f"echo no such pod >&2; {ending}")
    with pytest.raises(EnvironmentUnfitError, match=r"weed in s3: `exec` ended with .*no such pod"):
        foreign.runtime().run_tool("s3", "weed", ["version"])


def test_when_a_service_started_is_what_its_command_says(foreign: Foreign) -> None:
    runtime = foreign.runtime()
    foreign.command("since", "echo 2026-11-22T21:00:00+01:00")
    assert runtime.started_at("worker") == datetime(2026, 11, 22, 20, tzinfo=UTC)
    for wrong in ("echo yesterday", "echo 2026-11-22T21:00:00", "exit 1"):
        foreign.command("since", wrong)
        with pytest.raises(EnvironmentUnfitError, match="printed no time"):
            runtime.started_at("worker")


def test_a_snapshot_is_restored_by_the_command_and_the_store_has_to_show_the_marker(foreign: Foreign) -> None:
    foreign.command(
        "restore", 'echo "$1 $RESTOREPROOF_ASSET $RESTOREPROOF_REFERENCE $RESTOREPROOF_RECOVERY_POINT" > told'
    )
    runtime = foreign.runtime()
    runtime.restore_reference("main", SNAPSHOT, POINT)
    told = (foreign.directory / "told").read_text()
    assert told == "arn:snapshot:nightly main arn:snapshot:nightly 2026-11-22T00:00:00+00:00\n"
    assert len(foreign.events.of("marker-proven")) == 3  # both stores, and the restored one once more
    foreign.command("restore", "touch restored")
    foreign.stores.unmark()
    with pytest.raises(MarkerRefusedError, match=r"db .* no table"):
        runtime.restore_reference("main", SNAPSHOT, POINT)


def test_a_snapshot_is_not_restored_beside_what_an_earlier_drill_left(foreign: Foreign) -> None:
    foreign.command("restore", "touch restored")
    with foreign.stores.connect() as connection:
        connection.execute("create database shop")
    try:
        with pytest.raises(EnvironmentUnfitError, match="db was restored into before: the database shop"):
            foreign.runtime().restore_reference("main", SNAPSHOT, POINT)
    finally:
        with foreign.stores.connect() as connection:
            connection.execute("drop database shop")
    assert not (foreign.directory / "restored").exists()


def test_buckets_are_not_restored_beside_what_an_earlier_drill_left(foreign: Foreign) -> None:
    foreign.command("restore", "touch restored")
    contract = CONTRACT.replace("buckets: {}", "buckets: {drop: {name: shop-drop}}")
    files = '  restore:\n    files: {command: [./restore, "{reference}"]}\n'
    runtime = foreign.runtime(BLOCK.replace("  restore:\n", files), contract=contract)
    client = foreign.stores.buckets()
    client.create_bucket(Bucket="shop-drop")
    client.put_object(Bucket="shop-drop", Key="left", Body=b"x")
    try:
        with pytest.raises(EnvironmentUnfitError, match="s3 was restored into before: shop-drop/left"):
            runtime.restore_reference("files", SNAPSHOT, POINT)
    finally:
        client.delete_object(Bucket="shop-drop", Key="left")
    assert not (foreign.directory / "restored").exists()
    runtime.restore_reference("files", SNAPSHOT, POINT)
    assert (foreign.directory / "restored").exists()


def test_a_restore_command_is_not_run_where_the_endpoint_is_anybodys(foreign: Foreign) -> None:
    foreign.command("restore", "touch restored")
    runtime = foreign.runtime()
    foreign.stores.unmark()
    runtime._guard.replaced("db")
    with pytest.raises(MarkerRefusedError):
        runtime.restore_reference("main", SNAPSHOT, POINT)
    assert not (foreign.directory / "restored").exists()


def test_only_exit_66_says_that_the_snapshot_is_lost(foreign: Foreign) -> None:
    runtime = foreign.runtime()
    foreign.command("restore", "echo no such snapshot >&2; exit 66")
    with pytest.raises(ReferenceLost, match="no such snapshot"):
        runtime.restore_reference("main", SNAPSHOT, POINT)
    foreign.command("restore", "echo no credentials >&2; exit 2")
    with pytest.raises(EnvironmentUnfitError, match="no credentials"):
        runtime.restore_reference("main", SNAPSHOT, POINT)
    foreign.command("restore", 'set -eu; echo "$NOT_SET"')
    with pytest.raises(EnvironmentUnfitError, match="NOT_SET"):
        runtime.restore_reference("main", SNAPSHOT, POINT)


def test_what_is_in_place_needs_no_command_and_anything_else_does(foreign: Foreign) -> None:
    runtime = foreign.runtime()
    runtime.restore_reference("files", Reference(reference="in-place"), POINT)
    assert not foreign.events.of("command")
    with pytest.raises(EnvironmentUnfitError, match="no command restores it") as caught:
        runtime.restore_reference("files", SNAPSHOT, POINT)
    assert "external.restore.files" in str(caught.value)


def test_journaled_commands_are_json(foreign: Foreign) -> None:
    foreign.command("start", UP)
    foreign.runtime().start("worker")
    assert json.dumps(foreign.events.all)

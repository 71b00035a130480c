"""A server that is exchanged behind an address after it proved itself is written to by nobody.

Two PostgreSQL servers of the attacker's, the target with the drill's marker and another one without, stand
behind one address: a relay leads to the first until the drill believes it, and then to the second.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from restoreproof.assets.postgres.connection import connect, connect_by_url
from restoreproof.contract.loader import parse
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.driver import InnerContext, OuterContext
from restoreproof.runtimes.external.markers import MarkerRefusedError
from restoreproof.runtimes.external.outer import ProvisionedTarget
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.external.runtime import ExternalRuntime
from restoreproof.runtimes.external.target import ExternalTarget, fill
from tests.attack.conftest import NOBODY, AttackersServer
from tests.contracts import SHOP

NONCE = "a-nonce-of-this-very-drill"
MARKER = "create table restoreproof_drill_marker (nonce text, created_at timestamptz default now())"
CONTRACT = (
    SHOP
    + """\
external:
  marker: $NONCE
  down: [./down]
  services:
    db:
      address: 127.0.0.1
      port: $PORT
      administrator: {user: attacker, password: $PASSWORD}
"""
)
PASSWORD = "no-server-asks-for-it-1"


class Relay:
    """A port of this machine that leads to one server, and later to another."""

    def __init__(self, port: int) -> None:
        self.leads_to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def close(self) -> None:
        """Listen no more; returns once every connection has ended."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._lead, args=(client, self.leads_to))
            self._threads.append(thread)
            thread.start()

    def _lead(self, client: socket.socket, port: int) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=_pass_on, args=(server, client))
            back.start()
            _pass_on(client, server)
            back.join(10)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass
class Events:
    """An emitter that keeps what it is given."""

    all: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.all.append(event)


@dataclass(frozen=True)
class Servers:
    """The target, the one that takes its place, and the port that leads to either."""

    target: int
    other: int
    relay: Relay

    def connect(self, port: int) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=port, user="attacker", dbname="postgres", autocommit=True
        )

    def written(self) -> tuple[Any, ...]:
        """What a write to the other server would have changed."""
        with self.connect(self.other) as connection:
            return tuple(
                connection.execute(query).fetchall()
                for query in (
                    "select datname from pg_database order by 1",
                    "select rolname from pg_roles order by 1",
                    "select relname from pg_class where relnamespace = 'public'::regnamespace order by 1",
                )
            )


@contextmanager
def _server(name: str) -> Iterator[tuple[AttackersServer, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    server, data = AttackersServer(directory), directory / "data"
    server.run(
        "initdb", "-D", data, "-U", "attacker", "--no-sync", "-A", "trust", "--encoding=UTF8", "--locale=C"
    )
    settings = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='{directory}' -c fsync=off"
    )
    server.run("pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", settings, "start")
    try:
        yield server, port
    finally:
        server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def two_servers() -> Iterator[tuple[int, int]]:
    with ExitStack() as stack:
        ports = [stack.enter_context(_server(name))[1] for name in ("target", "other")]
        with psycopg.connect(
            host="127.0.0.1", port=ports[0], user="attacker", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(MARKER.encode())
            connection.execute("insert into restoreproof_drill_marker values (%s)", [NONCE])
            connection.execute("create role app login")
            connection.execute("create database shop")
        yield ports[0], ports[1]


@pytest.fixture
def servers(two_servers: tuple[int, int]) -> Iterator[Servers]:
    relay = Relay(two_servers[0])
    yield Servers(*two_servers, relay)
    relay.close()


def target_of(servers: Servers, directory: Path, more: str = "") -> ExternalTarget:
    contract = parse(CONTRACT + more, directory / "stack.yaml")
    return fill(contract, {"NONCE": NONCE, "PORT": str(servers.relay.port), "PASSWORD": PASSWORD})


def runtime_of(servers: Servers, directory: Path, more: str = "") -> tuple[ExternalRuntime, Events]:
    """The external runtime, pointed at the relay, which leads to the target."""
    target, events = target_of(servers, directory, more), Events()
    context = InnerContext(
        drill_id="d1",
        contract=target.contract,
        workdir=directory,
        cache=directory,
        code=directory,
        emitter=events,
        redactor=Redactor(),
    )
    return ExternalRuntime(context, target, {}), events


def command(directory: Path, name: str, text: str) -> None:
    (directory / name).write_text(f"#!/bin/sh\n{text}\n")
    (directory / name).chmod(0o700)


def test_a_connection_that_leads_to_another_server_than_the_proven_one_writes_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    runtime, _ = runtime_of(servers, tmp_path)
    with connect(runtime, "db", "postgres", readonly=False) as connection:
        connection.execute("select 1")
    before = servers.written()
    servers.relay.leads_to = servers.other
    with (
        pytest.raises(MarkerRefusedError, match=r"db at 127\.0\.0\.1:.* is not this drill's to write to"),
        connect(runtime, "db", "postgres", readonly=False, autocommit=True) as connection,
    ):
        connection.execute("create database restored")
    assert servers.written() == before
    withheld = Ownership(tmp_path).withheld()
    assert withheld is not None
    assert "not this drill's" in withheld


def test_an_applications_own_connection_asks_too(servers: Servers, tmp_path: Path) -> None:
    """A restored role may not read the marker, and still tells which server it is at."""
    runtime, events = runtime_of(servers, tmp_path)
    url = Secret("DATABASE_URL", "postgresql://app:x@db:5432/shop")
    with connect_by_url(runtime, url) as connection:
        row = connection.execute("select current_user::text as name").fetchone()
    assert row == {"name": "app"}
    assert len([event for event in events.all if event.type == "marker-proven"]) == 1
    with servers.connect(servers.other) as connection:
        connection.execute("drop database if exists shop")
        connection.execute("drop role if exists app")
        connection.execute("create role app login")
        connection.execute("create database shop")
    servers.relay.leads_to = servers.other
    with pytest.raises(MarkerRefusedError), connect_by_url(runtime, url):
        pytest.fail("it was handed out")


def test_a_tool_of_the_harness_is_not_run_against_another_server(servers: Servers, tmp_path: Path) -> None:
    runtime, events = runtime_of(servers, tmp_path)
    done = runtime.run_tool("db", "psql", ["-XAtc", "select 6 * 7"])
    assert done.stdout == b"42\n"
    before, ran = servers.written(), len(events.all)
    servers.relay.leads_to = servers.other
    with pytest.raises(MarkerRefusedError):
        runtime.run_tool("db", "psql", ["-Xc", "create database restored"])
    assert servers.written() == before
    assert len(events.all) == ran, "nothing was run"


def test_a_tool_during_which_the_server_was_exchanged_is_refused_afterwards(
    servers: Servers, tmp_path: Path
) -> None:
    runtime, _ = runtime_of(servers, tmp_path)
    timer = threading.Timer(0.5, setattr, (servers.relay, "leads_to", servers.other))
    timer.start()
    with pytest.raises(MarkerRefusedError):
        runtime.run_tool("db", "psql", ["-Xc", "select pg_sleep(1)"])
    timer.join()


def test_a_tool_that_is_sent_inside_is_refused_where_it_meets_no_marker(
    servers: Servers, tmp_path: Path
) -> None:
    command(
        tmp_path,
        "inside",
        f'set -a; . "$RESTOREPROOF_ENVIRONMENT"; tool=$1; shift; echo "$tool" >> ran;'
        f' exec {shlex.quote(str(AttackersServer(tmp_path)._bin))}/"$tool" "$@"',
    )
    sent = "      exec: [./inside]\n      inside: "
    marked, _ = runtime_of(servers, tmp_path, f"{sent}127.0.0.1:{servers.target}\n")
    assert marked.run_tool("db", "psql", ["-XAtc", "select 6 * 7"]).stdout == b"42\n"
    before = servers.written()
    other, events = runtime_of(servers, tmp_path, f"{sent}127.0.0.1:{servers.other}\n")
    with pytest.raises(MarkerRefusedError, match=f"db at 127.0.0.1:{servers.other} is not this drill's"):
        other.run_tool("db", "psql", ["-Xc", "create database restored"])
    assert servers.written() == before
    assert not [event for event in events.all if event.type == "command"]
    assert NONCE not in str(events.all)


def test_a_server_that_was_started_anew_shows_its_marker_again(servers: Servers, tmp_path: Path) -> None:
    """The other one gets the drill's marker: it is no other's any more."""
    runtime, events = runtime_of(servers, tmp_path)
    with servers.connect(servers.other) as connection:
        connection.execute(MARKER.encode())
        connection.execute("insert into restoreproof_drill_marker values (%s)", [NONCE])
    try:
        servers.relay.leads_to = servers.other
        with connect(runtime, "db", "postgres") as connection:
            connection.execute("select 1")
        proofs = [event.data()["server"] for event in events.all if event.type == "marker-proven"]
        assert len(set(proofs)) == 2
    finally:
        with servers.connect(servers.other) as connection:
            connection.execute("drop table restoreproof_drill_marker")


@contextmanager
def silence() -> Iterator[int]:
    """A port whose connections are closed at once, as by what stands before a service that is away."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_hang_up, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def removed(servers: Servers, directory: Path) -> tuple[bool, str]:
    """Whether `down` was run by the end of a drill that filled the target, and what is told as left."""
    command(directory, "down", "touch removed")
    target = target_of(servers, directory)
    Ownership(directory).make()
    context = OuterContext("d1", target.contract, directory, directory, ())
    left = ProvisionedTarget(context, target).remove()
    return (directory / "removed").exists(), "; ".join(left)


def test_down_is_not_run_where_another_server_answers(servers: Servers, tmp_path: Path) -> None:
    servers.relay.leads_to = servers.other
    ran, left = removed(servers, tmp_path)
    assert not ran
    assert "`down` was not run" in left
    assert "is not this drill's" in left


def test_down_is_not_run_where_nothing_shows_that_a_store_is_gone(servers: Servers, tmp_path: Path) -> None:
    with silence() as port:
        servers.relay.leads_to = port
        ran, left = removed(servers, tmp_path)
    assert not ran
    assert "db does not answer, and nothing shows that it is gone" in left


def test_down_is_run_where_a_store_is_gone_or_shows_the_marker(servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    ran, left = removed(servers, tmp_path / "shown")
    assert ran
    assert "after `down`, the store of db" in left, "it is still there"
    servers.relay.close()
    assert removed(servers, tmp_path) == (True, "")


def _hang_up(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.close()

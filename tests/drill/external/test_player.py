"""The player itself: it must be a target that nothing leads out of, and keep what it is told to keep."""

from __future__ import annotations

import socket

import psycopg
import pytest

from tests.drill.external.held import HeldTarget
from tests.workshop import Workshop


def test_a_snapshot_comes_back_as_a_new_instance_with_the_drills_marker(
    target: HeldTarget, workshop: Workshop
) -> None:
    target.provision(["postgres"])
    with target.connected() as connection:
        connection.execute("create role shopkeeper login")
        connection.execute("create database shop owner shopkeeper")
    with target.connected("shop") as connection:
        connection.execute("create table orders as select 7 as number")
    snapshot = workshop.directory / "snapshots" / "shop"
    workshop.give(snapshot.parent)
    target.order("snapshot", "postgres", snapshot)
    target.order("fresh")
    target.order("restore", "database", snapshot, RESTOREPROOF_MARKER="told-by-the-drill")
    with target.connected("shop") as connection:
        assert connection.execute("select number from orders").fetchall() == [(7,)]
    with target.connected() as connection:
        found = connection.execute("select nonce from restoreproof_drill_marker").fetchall()
        assert found == [("told-by-the-drill",)]
    again = target.attempt("restore", "database", snapshot)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_snapshot_that_is_not_there_is_lost(target: HeldTarget) -> None:
    target.order("fresh")
    lost = target.attempt("restore", "database", "/nowhere")
    assert (lost.returncode, lost.stderr) == (66, "there is no snapshot /nowhere\n")


def test_nothing_leads_out_of_it_and_its_services_are_reached(target: HeldTarget) -> None:
    target.provision(["postgres"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        assert target.attempt("probe", f"127.0.0.1:{port}").returncode == 1
    assert target.attempt("probe", "example.com:443").returncode == 1
    assert target.attempt("probe", "postgres:5432").returncode == 0


def test_nobody_answers_for_a_service_that_was_not_started(target: HeldTarget) -> None:
    target.order("fresh")
    with pytest.raises(psycopg.OperationalError), target.connected():
        pass
    assert target.attempt("since", "postgres").returncode == 1

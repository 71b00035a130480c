"""A dump that runs programs of the operating system while it is restored is told of, and never VERIFIED."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attack.conftest import AttackersServer, attempt
from tests.workshop import Workshop

RUNNING = "copy public.seen from program 'echo run-by-the-dump'"
WAYS = {
    "in a function": RUNNING,
    # As no search of the dump's text would find it.
    "put together": "execute 'copy public.seen from pro' || 'gram ''echo run-by-the-dump'''",
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_dump_ran_is_an_event_and_a_reason(
    way: str, workshop: Workshop, attackers_server: AttackersServer, adopted: Callable[..., Path]
) -> None:
    sql = (
        "create table seen (line text); create table users (id int);"
        "create function look() returns boolean language plpgsql as $$ begin "
        f"if current_setting('application_name') = 'pg_restore' then {WAYS[way]}; end if; "
        "return true; end $$;"
        "alter table users add constraint looking check (look()); insert into users values (1);"
    )
    name = f"programs-{len(way)}"
    done, evidence = attempt(workshop, "--set", adopted(name, attackers_server.dump(sql)))
    assert done.returncode in {1, 3}, done.output
    events = [json.loads(line) for line in (evidence / "journal.jsonl").read_text().splitlines()]
    ran = [event["data"] for event in events if event["type"] == "program-run"]
    assert [(one["service"], one["stage"]) for one in ran] == [("postgres", "database")]
    assert "echo run-by-the-dump" in ran[0]["what"]
    record = json.loads((evidence / "record.json").read_text())
    assert any("ran a program of the operating system" in reason for reason in record["incomplete"])
    assert "echo run-by-the-dump" in (evidence / "index.html").read_text()


def test_a_function_in_a_language_that_may_do_anything_is_told(
    workshop: Workshop, attackers_server: AttackersServer, adopted: Callable[..., Path]
) -> None:
    sql = "create function beside() returns trigger language c as '$libdir/refint', 'check_primary_key'"
    done, evidence = attempt(workshop, "--set", adopted("programs-c", attackers_server.dump(sql)))
    assert done.returncode in {1, 3}, done.output
    record = json.loads((evidence / "record.json").read_text())
    assert any("beside of wipe is in c, which is not trusted" in reason for reason in record["incomplete"])

"""Rows that a restore trips over stay in the backup: the verdict names table, line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attack.conftest import AttackersServer, attempt, evidence_text
from tests.workshop import Workshop

ANNA = "anna.private@example.com"

TABLE = "create table users (id int, email {kind}); insert into users values (1, '" + ANNA + "');"
SOUND_AT_HOME = (
    "create function sound(text) returns boolean language sql immutable as "
    "$$ select current_setting('application_name') <> 'pg_restore' $$;"
)
RAISING = (
    "create function sound(mail text) returns boolean language plpgsql as $$ begin "
    "if current_setting('application_name') = 'pg_restore' then raise 'no mail to %', mail; end if; "
    "return true; end $$;"
)
REFUSED = {
    "type": (
        SOUND_AT_HOME
        + "create domain email as text constraint sound check (sound(value));"
        + TABLE.format(kind="email"),
        "COPY users, line 1, column email",
    ),
    "row": (SOUND_AT_HOME + TABLE.format(kind="text check (sound(email))"), "COPY users, line 1"),
    "raised": (
        RAISING + TABLE.format(kind="text check (sound(email))"),
        "a function raised it in words of its own (COPY users, line 1)",
    ),
}
"""Sound where it was written, refused where it is restored; and what has to be told of it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_row_is_named_by_its_place_and_not_quoted(
    case: str, workshop: Workshop, attackers_server: AttackersServer, adopted: Callable[..., Path]
) -> None:
    sql, place = REFUSED[case]
    done, evidence = attempt(workshop, "--set", adopted(f"rows-{case}", attackers_server.dump(sql)))
    assert done.returncode == 1, done.output
    assert place in done.output
    assert place in (evidence / "index.html").read_text()
    assert ANNA not in done.output
    assert ANNA not in evidence_text(evidence)

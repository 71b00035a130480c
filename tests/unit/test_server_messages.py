"""What a server says of a refused row names table, line and column, and nothing that the row holds."""

from __future__ import annotations

import pytest

from restoreproof.redaction.server_messages import RAISED, shown_error, without_values

ANNA = "anna@example.com"

COPIED = 'pg_restore: error: COPY failed for table "t": ERROR:  '
QUERY = "pg_restore: error: could not execute query: ERROR:  "
LOGGED = "2026-11-22 03:00:00.123 UTC [12] admin@shop 22P02 ERROR:  "

LEAKING = {
    "a type": (
        f'{COPIED}invalid input syntax for type integer: "{ANNA}"\n'
        f'CONTEXT:  COPY t, line 7, column a: "{ANNA}"',
        f'{COPIED}invalid input syntax for type integer: "…" (COPY t, line 7, column a)',
    ),
    "a key": (
        f'{QUERY}could not create unique index "t_a_key"\nDETAIL:  Key (a)=({ANNA}) is duplicated.\n'
        "Command was: ALTER TABLE ONLY t\n    ADD UNIQUE;",
        f'{QUERY}could not create unique index "t_a_key"',
    ),
    "a value over several lines": (
        f'{COPIED}malformed array literal: "{{a\n{ANNA}\nb"\n'
        f'CONTEXT:  COPY t, line 1, column a: "{{a\n{ANNA}"\n'
        "pg_restore: warning: errors ignored on restore: 1",
        f'{COPIED}malformed array literal: "…" (COPY t, line 1, column a)\n'
        "pg_restore: warning: errors ignored on restore: 1",
    ),
    "a function's own words": (
        f"{COPIED}no mail to {ANNA}\n"
        f'CONTEXT:  PL/pgSQL function f(text) line 1 at RAISE\nCOPY t, line 2: "1\t{ANNA}"',
        f"{COPIED}a function raised it in words of its own (COPY t, line 2)",
    ),
    "a whole row": (
        f'new row for relation "t" violates check constraint "c"\nDETAIL:  Failing row contains (1, {ANNA}).',
        'new row for relation "t" violates check constraint "c"',
    ),
    "a line of the log": (
        f'{LOGGED}value "{ANNA}" is out of range for type integer\n\t{ANNA} goes on',
        f'{LOGGED}value "…" is out of range for type integer',
    ),
    "a line of a log with the default prefix": (
        f"2026-11-22 03:00:00.123 UTC [12] ERROR:  duplicate key\n"
        f"2026-11-22 03:00:00.123 UTC [12] DETAIL:  Key (a)=({ANNA}) already exists.",
        "2026-11-22 03:00:00.123 UTC [12] ERROR:  duplicate key",
    ),
    "what a function raised, in a log": (
        f"2026-11-22 03:00:00.123 UTC [12] admin@shop P0001 ERROR:  no mail to {ANNA}\n"
        f"2026-11-22 03:00:00.123 UTC [12] admin@shop 01000 WARNING:  a note of {ANNA}",
        f"2026-11-22 03:00:00.123 UTC [12] admin@shop P0001 ERROR:  {RAISED}\n"
        f"2026-11-22 03:00:00.123 UTC [12] admin@shop 01000 WARNING:  {RAISED}",
    ),
    "a notice": (f"WARNING:  a note of {ANNA}", "WARNING:  a function raised it in words of its own"),
    "a program's traceback": (
        '  File "/app/migrate.py", line 3, in upgrade\n'
        f'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "t_a"\n'
        f"[SQL: INSERT INTO t VALUES (%(a)s)]\n[parameters: {{'a': '{ANNA}'}}]",
        '  File "/app/migrate.py", line 3, in upgrade\n'
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "t_a"',
    ),
    "a statement": (
        f"{QUERY}integer out of range\nCommand was: INSERT INTO t VALUES ('{ANNA}');",
        f"{QUERY}integer out of range",
    ),
}


@pytest.mark.parametrize("case", LEAKING)
def test_the_values_of_rows_are_left_out(case: str) -> None:
    said, told = LEAKING[case]
    assert ANNA in said
    assert without_values(said) == told


@pytest.mark.parametrize(
    "said",
    [
        'pg_restore: error: could not execute query: ERROR:  role "shop" does not exist',
        'pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available',
        'pg_restore: error: could not execute query: ERROR:  invalid locale name: "de_DE"',
        'pg_restore: error: query failed: ERROR:  invalid locale name "X.UTF-8" for builtin provider',
        'pg_restore: error: could not open input file "/sets/1/shop.dump": No such file or directory',
        'could not open collator for locale "de-DE": U_FILE_ACCESS_ERROR',
        'pg_dump: error: connection to server at "127.0.0.2", port 5432 failed: Connection refused',
        "pg_restore: from TOC entry 215; 1259 16386 TABLE users shop",
    ],
)
def test_names_stay_for_whoever_has_to_mend_it(said: str) -> None:
    assert without_values(said) == said


def test_the_statement_of_a_contract_stays_where_it_is_at_fault() -> None:
    said = 'column "naem" does not exist\nLINE 1: select naem from users\n               ^'
    assert shown_error(said) == said

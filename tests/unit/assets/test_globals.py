"""Which lines of a globals file a superuser may be handed."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.assets.postgres.roles import is_wanted
from restoreproof.assets.postgres.tools import complains

WANTED = frozenset({"shop", "shop-app", "reader"})
SCRAM = "'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'"


@pytest.mark.parametrize(
    "line",
    [
        "CREATE ROLE shop;",
        'CREATE ROLE "shop-app";',
        f"ALTER ROLE shop WITH NOSUPERUSER INHERIT LOGIN PASSWORD {SCRAM};",
        "ALTER ROLE reader SET statement_timeout TO '30s';",
        "GRANT reader TO shop WITH INHERIT TRUE GRANTED BY postgres;",
        'GRANT reader TO "shop-app";',
    ],
)
def test_a_statement_about_a_wanted_role_is_applied(line: str) -> None:
    assert is_wanted(line, WANTED)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-- CREATE ROLE shop;",
        "SET default_transaction_read_only = off;",
        "\\connect template1",
        "\\! touch pwned",
        "CREATE ROLE evil;",
        "ALTER ROLE postgres WITH PASSWORD 'x';",
        "ALTER ROLE \"postgres\" WITH PASSWORD 'x';",
        "ALTER ROLE shopper WITH SUPERUSER;",
        "ALTER ROLE shop RENAME TO evil;",
        "ALTER ROLE ALL SET session_preload_libraries TO 'evil';",
        "DROP ROLE shop;",
        "CREATE TABLESPACE t OWNER shop LOCATION '/tmp';",
        "COPY (SELECT 1) TO PROGRAM 'touch pwned';",
        "DO $$ BEGIN EXECUTE 'create role evil'; END $$;",
        "CREATE ROLE shop; COPY (SELECT 1) TO PROGRAM 'touch pwned';",
        "ALTER ROLE shop WITH LOGIN; DROP ROLE reader;",
        "GRANT reader TO shop; GRANT pg_execute_server_program TO shop;",
        "GRANT pg_execute_server_program TO shop;",
        "GRANT shop TO evil;",
        "GRANT postgres, reader TO shop;",
        "GRANT reader TO shop, evil;",
        "GRANT SELECT ON TABLE t TO shop;",
        'CREATE ROLE "shop"; --";',
        'CREATE ROLE "shop;drop role reader";',
        "CREATE ROLE shop",
    ],
)
def test_every_other_line_is_not(line: str) -> None:
    assert not is_wanted(line, WANTED)


def test_every_role_of_the_reference_stack_is_among_what_pg_dumpall_writes() -> None:
    lines = (Path(__file__).parent / "globals.sql").read_text().splitlines()
    applied = [line for line in lines if is_wanted(line, frozenset({"wipe", "wipe_app", "keycloak"}))]
    assert [line.split()[2].rstrip(";") for line in applied if line.startswith("CREATE")] == [
        "keycloak",
        "wipe",
        "wipe_app",
    ]
    assert len(applied) == 6


@pytest.mark.parametrize(
    ("stderr", "trouble"),
    [
        ("", False),
        ("pg_restore: error: could not execute query: ERROR:  role does not exist\n", True),
        ("pg_restore: warning: errors ignored on restore: 3\n", True),
        ("pg_restore: while PROCESSING TOC:\nERROR:  out of memory\n", True),
        ("FATAL:  terminating connection\n", True),
        ("pg_restore: WARNING:  a function's own words\n", False),
        ("NOTICE:  identifier error: will be truncated\npg_restore: creating TABLE error\n", False),
    ],
)
def test_complaints_of_pg_restore_are_told_from_words_that_merely_sound_like_one(
    stderr: str, trouble: bool
) -> None:
    assert complains(stderr) is trouble

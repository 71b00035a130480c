"""A restore that this machine prevented says nothing of the backup."""

from __future__ import annotations

import pytest

from restoreproof.assets.compatibility import misfit

FULL = 'pg_restore: error: COPY failed: could not extend file "base/16874/2601_vm": No space left on device'


@pytest.mark.parametrize(
    ("said", "told", "step"),
    [
        (FULL, "the disk is full: the database's server says No space left on device", "more room"),
        ("server closed the connection unexpectedly", "the database's server ended", "its log says why"),
    ],
)
def test_a_full_disk_and_a_server_that_ended_are_the_machines(said: str, told: str, step: str) -> None:
    error = misfit(said)
    assert error is not None
    assert error.exit_code == 3
    assert told in error.message
    assert step in str(error.hint)


def test_a_dump_that_is_cut_short_is_the_backups() -> None:
    assert misfit("pg_restore: error: could not read from input file: end of file") is None


COPY = 'pg_restore: error: COPY failed for table "jobs": ERROR:  '
QUERY = "pg_restore: error: could not execute query: ERROR:  "


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f'{QUERY}could not extend file "base/1/2": No space left on device\nHINT:  Check it.',
            "is full",
        ),
        (f'{COPY}could not write to file "pg_wal/xlogtemp.7": No space left on device', "is full"),
        ("pg_restore: error: could not write to output file: No space left on device", "is full"),
        (
            'pg_dump: error: Dumping the contents of table "jobs" failed: PQgetResult() failed.\n'
            'pg_dump: detail: Error message from server: ERROR:  can not open "a": Disk quota exceeded',
            "is full",
        ),
        ("pg_restore: error: could not execute query: server closed the connection unexpectedly", "ended"),
        ("pg_restore: error: query failed: FATAL:  terminating connection due to a crash", "ended"),
        ("consuming input failed: server closed the connection unexpectedly\n\tThis probably means", "ended"),
        (
            f'pg_restore: while PROCESSING TOC:\n{QUERY}extension "postgis" is not available\n'
            "Command was: CREATE EXTENSION postgis",
            "the extension postgis",
        ),
        (
            f'{QUERY}collation "pg_catalog.de-x-icu" for encoding "UTF8" does not exist\nLINE 3: name',
            "sorts by the collation de-x-icu",
        ),
    ],
)
def test_what_the_tools_and_the_server_say_of_themselves_is_recognised(said: str, told: str) -> None:
    error = misfit(said)
    assert error is not None
    assert told in error.message


CONTENTS = (
    'could not extend file "base/1/2": No space left on device',
    'extension "postgis" is not available',
    "server closed the connection unexpectedly",
    'ERROR:  could not extend file "base/1/2": No space left on device',
)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(
    "around",
    [
        COPY + 'invalid input syntax for type bigint: "{}"',
        COPY + 'invalid input syntax for type bigint: "first line\n{}"',
        COPY + 'missing data for column "error"\nCONTEXT:  COPY jobs, line 3: "7 {}"',
        COPY + 'value too long\nCONTEXT:  COPY jobs, line 3, column error: "first\n{}\n"',
        QUERY + "duplicate key value\nDETAIL:  Key (error)=({}) already exists.",
        QUERY + "duplicate key value\nDETAIL:  Key (error)=(first\n{}) already exists.",
        QUERY + "syntax error\nCommand was: INSERT INTO jobs VALUES ('first\n{}\n')",
        QUERY + "syntax error\nSTATEMENT:  {}",
    ],
)
def test_what_a_damaged_row_holds_is_never_taken_for_the_machine_s_word(around: str, content: str) -> None:
    assert misfit(around.format(content)) is None


def test_a_collation_that_the_dump_itself_should_hold_is_the_backups() -> None:
    assert misfit(f'{QUERY}collation "public.german" for encoding "UTF8" does not exist') is None

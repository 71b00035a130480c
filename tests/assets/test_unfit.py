"""A restore that this machine prevented says nothing of the backup."""

from __future__ import annotations

import pytest

from restoreproof.assets.unfit import misfit

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

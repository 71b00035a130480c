"""A place that can't be written is refused before anything is begun: what is half written helps nobody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from restoreproof.errors import Location, UsageError


def refuse_unwritable(*directories: Path) -> None:
    """Make each directory, and write a file without a name there.

    Raises:
        UsageError: one can't be made, or this user may not write there, or there is no room.
    """
    for directory in directories:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory) as file:
                file.write(b"\0")
        except OSError as error:
            raise UsageError(
                f"nothing can be written here: {error.strerror}",
                where=Location(str(directory)),
                hint="run it as a user who may write there, or name another place",
            ) from error

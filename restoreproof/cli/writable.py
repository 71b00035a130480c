"""A place that can't be written is refused before anything is begun: what is half written helps nobody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from restoreproof.errors import Location, UsageError
from restoreproof.private_files import make_private_directory


def refuse_unwritable(*directories: Path, private: bool = False) -> None:
    """Make each directory, and write a file without a name there; one that is made is ``private`` if asked.

    Raises:
        UsageError: one can't be made, or this user may not write there, or there is no room.
    """
    for directory in directories:
        try:
            if private:
                make_private_directory(directory, exist_ok=True)
            else:
                directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory) as file:
                file.write(b"\0")
        except OSError as error:
            raise UsageError(
                f"nothing can be written here: {error.strerror}",
                where=Location(str(directory)),
                hint="run it as a user who may write there, or name another place",
            ) from error

"""A pg_basebackup, plain or as tar: of which major version of PostgreSQL it is, and when it was begun."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from restoreproof.backups.safe_open import open_file
from restoreproof.errors import Location, UsageError

VERSION = "PG_VERSION"
LABEL = "backup_label"
ARCHIVES = ("base.tar", "base.tar.gz")
_BYTES = 64 * 1024
_STARTED = re.compile(r"^START TIME: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:UTC|GMT)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BaseBackup:
    """``major`` is the version whose server alone can run it; ``begun`` is None unless told in UTC."""

    path: Path
    major: str
    begun: datetime | None


def read_base(directory: Path) -> BaseBackup | None:
    """The base backup in ``directory``, or None if there is none.

    Raises:
        UsageError: it is one, and does not say of which PostgreSQL.
        ForeignSetError: something in it is not safe to open.
    """
    told = _plain(directory) or _archived(directory)
    if not told:
        return None
    major = told.get(VERSION, "").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", major):
        raise UsageError(
            f"the base backup has no {VERSION} that names a version",
            where=Location(str(directory)),
            hint="take it again with pg_basebackup",
        )
    started = _STARTED.search(told.get(LABEL, ""))
    begun = datetime.fromisoformat(started[1]).replace(tzinfo=UTC) if started else None
    return BaseBackup(directory, major, begun)


def _plain(directory: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (VERSION, LABEL):
        if (directory / name).exists():
            with open_file(directory, name) as file:
                found[name] = file.read(_BYTES).decode(errors="replace")
    return found


def _archived(directory: Path) -> dict[str, str]:
    archive = next((name for name in ARCHIVES if (directory / name).exists()), None)
    if archive is None:
        return {}
    found: dict[str, str] = {}
    try:
        with open_file(directory, archive) as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            for name, content in _members(tar):
                found[name] = content
                if len(found) == len((VERSION, LABEL)):
                    break
    except tarfile.TarError as error:
        raise UsageError(
            f"the base backup can't be read: {error}", where=Location(str(directory / archive))
        ) from error
    return found or {VERSION: ""}


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    """Those files of the archive that say what it is; nothing is unpacked."""
    for member in tar:
        name = member.name.removeprefix("./")
        if name in (VERSION, LABEL) and (file := tar.extractfile(member)):
            yield name, file.read(_BYTES).decode(errors="replace")

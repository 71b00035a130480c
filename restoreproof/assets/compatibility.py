"""What keeps a sound backup from being restored into this target: the machine's affair, and told by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from restoreproof.backups import layout
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.basebackup import read_base
from restoreproof.backups.dumpfile import NEWER
from restoreproof.errors import EnvironmentUnfitError

_MISFITS: Mapping[re.Pattern[str], tuple[str, str]] = {
    re.compile(NEWER): (
        "the dump is in the archive format {what}, which this pg_restore does not know",
        "drill it with a harness that has the PostgreSQL that wrote it",
    ),
    re.compile(
        r"(?:invalid (?:LC_COLLATE |LC_CTYPE )?locale name:?|could not create locale"
        r'|could not open collator for locale) "(?P<what>[^"]{1,100})"'
    ): (
        "the database sorts by the locale {what}, which the target does not have",
        "give the target that locale, or drill it in an image that has it",
    ),
    # Of pg_catalog alone: a collation of another schema is in the dump, or the dump lacks it.
    re.compile(r'collation "pg_catalog\.(?P<what>[^"]{1,100})" for encoding "[^"]{1,50}" does not exist'): (
        "a column sorts by the collation {what}, which the target does not have",
        "drill it with a PostgreSQL that has it: those with -x-icu need one that was built with ICU, "
        "the others the operating system's locale",
    ),
    re.compile(
        r'(?:could|can) not (?:[^":]|"[^"]*")*: (?P<what>No space left on device|Disk quota exceeded)$'
    ): (
        "the disk is full: the database's server says {what}",
        "give the target's disk more room (with containers it is Docker's) and drill again",
    ),
    re.compile(
        r"(?:[A-Za-z ]+: )?(?:server closed the connection unexpectedly|no connection to the server)"
        r"|terminating connection due to|the database system is (?:shutting down|in recovery mode)"
    ): (
        "the database's server ended while the dump was restored into it",
        "its log says why; a full disk or too little memory are usual",
    ),
    re.compile(r"ICU is not supported in this build"): (
        "the database sorts by ICU, which this PostgreSQL was built without",
        "drill it with a PostgreSQL that has ICU",
    ),
    re.compile(r'extension "(?P<what>[^"]{1,100})" is not available'): (
        "the database needs the extension {what}, which the target does not have",
        "drill it in an image that has it (POSTGRES_IMAGE), or with the external runtime",
    ),
}
"""What pg_restore or the server says, from the message's first word on; what that means, and what to do."""

_TOOL = re.compile(r"[\w-]+: (?:error|detail): ")
_SERVER = re.compile(r"(?:^|: )(?:ERROR|FATAL|PANIC): +")
_HEAD = re.compile(
    r'(?:COPY failed|could not execute query|query failed|connection to server)(?:[^":]|"[^"]*")*: '
)


def refuse_newer(tools: Mapping[str, str], target: int) -> None:
    """Raise EnvironmentUnfitError if the set's pg_dump is newer than the major version of the target.

    A dump restores into the same or a newer version only: what fails here says nothing of the backup.
    """
    wrote = tools.get("pg_dump", "").partition(".")[0]
    if wrote.isdecimal() and int(wrote) > target:
        raise EnvironmentUnfitError(
            f"the set was dumped by pg_dump {wrote}, and the target is PostgreSQL {target}",
            hint=f"drill it with a harness that has PostgreSQL {wrote}",
        )


def refuse_base(backup: BackupSet, target: int) -> None:
    """Raise EnvironmentUnfitError if the set holds a base backup, which only its own version could run."""
    base = read_base(backup.directory / layout.BASE)
    if base is None:
        return
    if base.major != str(target):
        raise EnvironmentUnfitError(
            f"the set holds a base backup of PostgreSQL {base.major}, "
            f"which can't run under PostgreSQL {target}",
            hint=f"restore it under PostgreSQL {base.major} by a command of yours: docs/fidelity.md",
        )
    raise EnvironmentUnfitError(
        f"the set holds a base backup of PostgreSQL {base.major}, and this runtime restores dumps only",
        hint="take one with pg_dump -Fc, or restore the base backup by a command of yours: docs/fidelity.md",
    )


def misfit(output: str) -> EnvironmentUnfitError | None:
    """Return why the target can't hold the dump, if that is what the ``output`` of pg_restore comes from.

    Only what a tool or the server says of itself is looked at. Rows that they quote may hold the same words.
    """
    for line in _messages(output):
        for pattern, (message, hint) in _MISFITS.items():
            if match := pattern.match(line):
                return EnvironmentUnfitError(message.format(**match.groupdict()), hint=hint)
    return None


def _messages(output: str) -> Iterator[str]:
    """The first line of every error in ``output``, from where the server's own words begin, or the tool's.

    What follows it (CONTEXT, DETAIL, the command, the further lines of a value) is the dump's; so no line
    counts by the server's ERROR alone, but for the very first.
    """
    for number, line in enumerate(output.strip().splitlines()):
        tool = _TOOL.match(line)
        if tool is None and number > 0:
            continue
        words = line[tool.end() if tool else 0 :]
        # The leftmost: what comes after it is quoted.
        server, head = _SERVER.search(words), _HEAD.match(words)
        yield words[server.end() :] if server else words[head.end() if head else 0 :]

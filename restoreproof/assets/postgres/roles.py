"""The roles of a PostgreSQL server: only those that the contract names are restored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql as composed

from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.compatibility import misfit
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.tools import require_success
from restoreproof.assets.require_empty import NEXT
from restoreproof.backups.missing import PartMissing
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Note, Overridden
from restoreproof.redaction.redactor import Secret
from restoreproof.redaction.server_messages import without_values

_ROLE_STATEMENT = re.compile(r'^(?:CREATE|ALTER) ROLE "?(?P<role>[^"\s;]+)"?(?: WITH [^;]*| SET [^;]*)?;$')
_PASSWORD = re.compile(r"\bPASSWORD '((?:[^']|'')+)'", re.IGNORECASE)
_GRANT = re.compile(r'^GRANT "?(?P<group>[^"\s]+)"? TO "?(?P<member>[^"\s;]+)"?[^;]*;$')


def roles_on(stack_context: StackContext, service: str, roles: Iterable[str]) -> list[str]:
    """Return those of ``roles`` that the server ``service`` has, in its order."""
    with connect(stack_context.runtime, service, "postgres") as connection:
        rows = connection.execute(
            "select rolname from pg_roles where rolname = any(%s) order by 1", [sorted(roles)]
        ).fetchall()
    return [str(row["rolname"]) for row in rows]


def dump_roles(backup_context: BackupContext, service: str, path: str) -> None:
    """Write ``pg_dumpall --globals-only`` into the set, at ``path``. Raises RestoreFailed if it fails."""
    out = backup_context.directory / path
    out.parent.mkdir(parents=True, exist_ok=True)
    require_success(
        backup_context.stack_context.runtime.run_tool(
            service,
            "pg_dumpall",
            ["--globals-only", "--no-password"],
            stdout=out,
        ),
        "pg_dumpall",
    )


def restore_roles(restore_context: RestoreContext, service: str, path: str, wanted: frozenset[str]) -> int:
    """Create the ``wanted`` roles from the set's globals file; return how many statements were applied.

    The file is untrusted and would be run by a superuser, so only statements about wanted roles pass, one
    by one. A bare dump has no globals: the roles are then missing, which a check reports.

    Raises:
        RestoreFailed: the file is no text, or the server refused a statement about a wanted role.
    """
    stack_context, file = restore_context.stack_context, restore_context.backup.directory / path
    if not file.is_file():
        stack_context.emitter.emit(Note(text=f"the set holds no {path}: no role was restored"))
        return 0
    applied = 0
    administration = connect(stack_context.runtime, service, "postgres", readonly=False)
    try:
        with administration as connection, file.open(encoding="utf-8") as lines:
            for line in lines:
                if is_wanted(line.strip(), wanted):
                    stack_context.register_secrets(passwords_in(line))
                    connection.execute(line.encode())
                    applied += 1
    except UnicodeDecodeError as error:
        raise RestoreFailed(f"{path} is no text") from error
    except psycopg.DatabaseError as error:
        # Only the server's one-line reason: the statement holds a role's password.
        reason = without_values(error.diag.message_primary or type(error).__name__)
        raise misfit(str(error)) or RestoreFailed(f"the server refused a role of {path}: {reason}") from error
    return applied


def passwords_in(line: str) -> Iterator[Secret]:
    """Yield each password or verifier of a line of a globals file: what the server says must not show it."""
    for quoted in _PASSWORD.findall(line):
        yield Secret("a role's password", quoted.replace("''", "'"))


def is_wanted(line: str, wanted: frozenset[str]) -> bool:
    """Whether a line of a globals file is one whole statement about ``wanted`` roles and nothing else."""
    if match := _ROLE_STATEMENT.match(line):
        return match["role"] in wanted
    if match := _GRANT.match(line):
        return match["group"] in wanted and match["member"] in wanted
    return False


def refuse_used(stack_context: StackContext, service: str, roles: Iterable[str]) -> None:
    """Claim the target, unless the server ``service`` has one of ``roles`` before they are restored.

    Raises:
        EnvironmentUnfitError: it has, so another drill's rows would pass for those of the backup.
    """
    if present := roles_on(stack_context, service, roles):
        raise EnvironmentUnfitError(
            f"{service} was restored into before: the roles {', '.join(present)} are there already",
            hint=NEXT,
        )
    stack_context.runtime.claim()


def stand_in_roles(stack_context: StackContext, service: str, wanted: Iterable[str]) -> int:
    """Create the contract's roles, which the set lacks, so that its dump finds its owners; return how many.

    None of them is there yet: see ``refuse_used`` and ``roles_on``. A role gets the password that the
    environment has for it; where it has none, nobody can log in as it.
    """
    passwords, roles = _passwords(stack_context), sorted(wanted)
    with connect(stack_context.runtime, service, "postgres", readonly=False) as connection:
        for role in roles:
            password = passwords.get(role)
            option = (
                composed.SQL(" PASSWORD {}").format(composed.Literal(password.reveal()))
                if password
                else composed.SQL("")
            )
            connection.execute(
                composed.SQL("CREATE ROLE {} LOGIN").format(composed.Identifier(role)) + option
            )
    stack_context.emitter.emit(
        Overridden(
            service=service,
            name="roles",
            why=f"the adopted set lacks roles: {', '.join(roles)} were created without what they held",
        )
    )
    return len(roles)


def _passwords(stack_context: StackContext) -> dict[str, Secret]:
    """Map role to password, by the addresses of databases in the environment."""
    blocks = (block.model_dump() for block in stack_context.contract.assets.values())
    names = [str(name) for block in blocks for name in block.get("databases", ())]
    passwords: dict[str, Secret] = {}
    for name in names:
        try:
            url = urlsplit(stack_context.vault.secret(name).reveal())
        except PartMissing:
            # Without an environment nothing logs in as these roles; the dump needs them as owners only.
            continue
        if url.username and url.password:
            passwords[unquote(url.username)] = Secret(f"password of {name}", unquote(url.password))
    return passwords

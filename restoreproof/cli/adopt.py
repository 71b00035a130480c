"""Make a backup set of what other tools left and of what a provider keeps, as a command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restoreproof.cli.adopt_request import AdoptRequest
from restoreproof.cli.app import Json, app, tell

if TYPE_CHECKING:
    from restoreproof.backups.manifest import Manifest

Contract = Annotated[Path, typer.Option("--contract", help="the stack.yaml of the stack")]
Out = Annotated[Path, typer.Option("--out", help="the directory of the new set")]
Dump = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DUMP]", help="a pg_dump -Fc of the stack's database", show_default="a reference"
    ),
]
Base = Annotated[
    Path | None,
    typer.Option("--base", help="a pg_basebackup of the database server, in the place of dumps and roles"),
]
References = Annotated[
    list[str] | None,
    typer.Option("--reference", help="ASSET=NAME: its provider's snapshot, or ASSET=in-place"),
]
Engines = Annotated[list[str] | None, typer.Option("--engine", help="ASSET=VERSION that wrote the reference")]
Sizes = Annotated[list[str] | None, typer.Option("--bytes", help="ASSET=SIZE of the reference")]
Objects = Annotated[
    list[Path] | None,
    typer.Option("--objects", help="a directory that mirrors buckets, each below its name"),
]
Index = Annotated[
    Path | None, typer.Option("--index", help="objects/index of a set, for buckets that are in place")
]
Roles = Annotated[Path | None, typer.Option("--roles", help="a pg_dumpall --globals-only")]
RealmDump = Annotated[
    Path | None, typer.Option("--realm-dump", help="a pg_dump -Fc of the identity provider's database")
]
Environment = Annotated[
    Path | None,
    typer.Option("--env", help="the environment, KEY=VALUE lines, plain or encrypted with age"),
]
Commitment = Annotated[
    Path | None, typer.Option("--commitment", help="commitment.age of the set that the catalogue is of")
]
Identity = Annotated[
    Path, typer.Option("--identity", help="the recovery identity that the environment is encrypted to")
]
Custody = Annotated[Path | None, typer.Option("--custody", help="custody records of the signer's keys")]
Proxy = Annotated[Path | None, typer.Option("--proxy", help="the proxy's configuration and tls.crt")]
Release = Annotated[
    Path | None, typer.Option("--release", help="release.json, sbom.cdx.json and openapi.json")
]
CatalogueFile = Annotated[
    Path | None, typer.Option("--catalogue", help="what is known of this very recovery point")
]
CatalogueOut = Annotated[
    Path | None, typer.Option("--catalogue-out", help="where it is written again, for the new set")
]
RecoveryPoint = Annotated[
    datetime | None,
    typer.Option(
        "--recovery-point",
        help="when the backup was taken, UTC",
        show_default="what the catalogue or the dump says",
    ),
]
Synthetic = Annotated[
    bool,
    typer.Option("--synthetic/--real", help="whether the data is made up, for the record"),
]


@app.command(name="adopt")
def adopt_set(
    contract: Contract,
    out: Out,
    dump: Dump = None,
    base: Base = None,
    reference: References = None,
    engine: Engines = None,
    size: Sizes = None,
    objects: Objects = None,
    index: Index = None,
    roles: Roles = None,
    realm_dump: RealmDump = None,
    env: Environment = None,
    commitment: Commitment = None,
    identity: Identity = Path("var/keys/recovery.txt"),
    custody: Custody = None,
    proxy: Proxy = None,
    release: Release = None,
    catalogue: CatalogueFile = None,
    catalogue_out: CatalogueOut = None,
    recovery_point: RecoveryPoint = None,
    synthetic: Synthetic = False,
    json: Json = False,
) -> None:
    """Turn a bare dump or a provider's snapshot, and what else there is, into a backup set."""
    request = AdoptRequest(
        identity=identity,
        dump=dump,
        base=base,
        references=tuple(reference or ()),
        engines=tuple(engine or ()),
        sizes=tuple(size or ()),
        objects=tuple(objects or ()),
        index=index,
        roles=roles,
        realm_dump=realm_dump,
        environment=env,
        commitment=commitment,
        custody=custody,
        proxy=proxy,
        release=release,
        catalogue=catalogue,
        catalogue_out=catalogue_out,
        recovery_point=recovery_point,
        synthetic=synthetic,
    )
    _tell(_adopted(contract, request, out), out, contract, catalogue_out, json)


def _adopted(contract: Path, request: AdoptRequest, out: Path) -> Manifest:
    """Write the set and, if one was named, the catalogue for it; return the set's manifest."""
    from restoreproof.backups import catalogue as catalogues
    from restoreproof.backups.adopt import adopt, refuse_without_room
    from restoreproof.backups.rebind import refuse_other, reissue
    from restoreproof.cli.adopt_inputs import inputs_of
    from restoreproof.contract import load
    from restoreproof.runtimes.host.privileges import hand_over

    files = (request.dump, request.realm_dump, request.roles)
    refuse_without_room([file for file in files if file], out.absolute())
    inputs = inputs_of(load(contract), request)
    catalogue = inputs.catalogue
    if catalogue and request.catalogue:
        refuse_other(catalogue, request.catalogue, inputs)
    manifest, sha256 = adopt(inputs, out.absolute())
    hand_over(out.absolute())
    if catalogue and request.catalogue_out:
        rebound = reissue(catalogue, manifest, sha256, committed=bool(request.commitment))
        catalogues.save(rebound, request.catalogue_out)
        hand_over(request.catalogue_out.absolute())
    return manifest


def _tell(manifest: Manifest, out: Path, contract: Path, catalogue: Path | None, json: bool) -> None:
    lacks: Mapping[str, str] = manifest.adopted.lacks if manifest.adopted else {}
    point = manifest.recovery_point.isoformat()
    references = {name: str(reference) for name, reference in (manifest.references or {}).items()}
    result: dict[str, Any] = {
        "set": str(out),
        "set_id": manifest.set_id,
        "recovery_point": point,
        "lacks": dict(lacks),
        "references": references,
        "catalogue": str(catalogue) if catalogue else None,
    }
    data = "synthetic" if manifest.synthetic else "real"
    lines = [
        f"backup set {out}: {len(manifest.artifacts)} files, recovery point {point}, {data} data",
        *(f"its {name} is a reference: {reference}" for name, reference in references.items()),
        *([f"the catalogue was written again for it: {catalogue}"] if catalogue else []),
        *(["it lacks:"] if lacks else ["it lacks nothing"]),
        *(f"  {part}: {reason}" for part, reason in lacks.items()),
        f"next: {_next(out, contract, catalogue, bool(references))}"
        + ("; what it lacks ends NOT VERIFIED, exit 3" if lacks else ""),
    ]
    tell(result, json, "\n".join(lines))


def _next(out: Path, contract: Path, catalogue: Path | None, managed: bool) -> str:
    option = f" --catalogue {catalogue}" if catalogue else ""
    return f"restoreproof drill {contract} --set {out}{option}{' --runtime external' if managed else ''}"

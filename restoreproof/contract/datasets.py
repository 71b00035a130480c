"""What features say of the rows of a database: datasets, hash chains and signatures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from restoreproof.contract.declarations import AssetName, BucketName, ServiceName
from restoreproof.contract.noun import Noun
from restoreproof.contract.ref import Ref
from restoreproof.contract.sql import Sql


class Dataset(Noun):
    """Rows that a feature speaks of.

    ``objects`` names the bucket that holds what the rows refer to. ``sample`` examines that many rows, drawn
    evenly. ``zero`` says that no row is right, also where the catalogue counted nothing to look through;
    ``of`` then counts what was looked through.
    """

    database: AssetName
    sql: Sql
    objects: BucketName | None = None
    sample: PositiveInt | None = None
    zero: bool = False
    of: Sql | None = None


class SignedColumn(Noun):
    """Signatures over ``prefix`` and a digest: the columns of the signature and of its key's id."""

    prefix: str = ""
    column: str
    key: str


class ChainWorker(Noun):
    """The service that verifies the chain itself, and the name it reports it under."""

    service: ServiceName
    report: str


class Chain(Noun):
    """A hash chain: each row's ``hash`` is over the canonical JSON of ``fields``, ``previous`` among them."""

    database: AssetName
    sql: Sql
    sequence: str
    previous: str
    hash: str
    fields: tuple[str, ...] = Field(min_length=1)
    partition: str | None = None
    signature: SignedColumn | None = None
    worker: ChainWorker | None = None


class Signature(SignedColumn):
    """Signed rows of a dataset."""

    dataset: Annotated[str, Ref("dataset", shows_query=True)]

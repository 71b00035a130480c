"""The nouns of a contract: frozen, and free of any one stack's names.

Keys that a model here does not know are errors, except in ``services`` and ``assets``, whose blocks belong to
their component or kind and are held against its own model (``block_models``). What a field defines or refers
to stands in its annotation (``declarations``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, PrivateAttr, ValidationError

from restoreproof.contract.block_models import OwnedBlock, asset_models, component_model, component_names
from restoreproof.contract.declarations import (
    AssetName,
    BucketName,
    Defines,
    Parameters,
    ServiceName,
    StageName,
    VariableName,
)
from restoreproof.contract.document import YamlDocument
from restoreproof.contract.durations import Seconds, Window
from restoreproof.contract.forbidden import Forbidden
from restoreproof.contract.problems import InvalidContract, Problem, from_validation, instead
from restoreproof.contract.production import Production
from restoreproof.contract.ref import Ref
from restoreproof.contract.rules import GovernanceBlock, Objectives, Schedule
from restoreproof.contract.runtime_blocks import ReadBy
from restoreproof.contract.services import ComponentOptions, Service
from restoreproof.contract.sql import FixedSql, Sql
from restoreproof.errors import ContractError, Location

SCHEMA = "restoreproof/stack/v1"

_NAME = "name"
_NAMED = "unknown key 'name' in assets.{name}: an asset is called as its block is"

Block = TypeVar("Block", bound=BaseModel)


class Noun(BaseModel):
    """A block whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Release(Noun):
    """A release of the stack's own code; ``path`` is relative to the contract."""

    version: str
    path: str


_RELEASE = Defines("release", spoken=False)


class Releases(Noun):
    """The release that is restored to, and the one the source runs."""

    expected: Annotated[Release, _RELEASE]
    previous: Annotated[Release, _RELEASE] | None = None

    def named(self, name: str) -> Release:
        """The release called ``expected`` or ``previous``. Raises ContractError if there is none."""
        release = {"expected": self.expected, "previous": self.previous}.get(name)
        if release is None:
            raise ContractError(f"the contract has no release called {name!r}")
        return release


class AssetBlock(BaseModel):
    """Something a backup must hold; restored or verified at stage ``at`` by the kind that owns the block."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    at: StageName
    service: ServiceName | None = None

    def options(self) -> dict[str, Any]:
        """The kind's own keys, not yet validated."""
        return dict(self.model_extra or {})


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


class PublicEndpoint(Noun):
    """A path of the public interface.

    ``identity`` (written ``as``) is the person who asks; ``of`` the dataset whose columns fill the path. The
    rest names columns (``items``, ``sha256``, ``document``, ``signature``), a bucket (``object``,
    ``objects``) or the expected content type. ``post`` maps the members of a JSON body to columns; the column
    that ``document`` names stands for the object of that key. ``confirms`` is the member that is then true.
    """

    path: str = Field(pattern=r"^/")
    identity: Annotated[str, Ref("person")] | None = Field(default=None, alias="as")
    of: Annotated[str, Ref("dataset")] | None = None
    items: str | None = None
    sha256: str | None = None
    type: str | None = None
    object: BucketName | None = None
    objects: BucketName | None = None
    document: str | None = None
    signature: str | None = None
    post: dict[str, str] = Field(default_factory=dict)
    confirms: str | None = None


class Sink(Noun):
    """A way out of the stack. ``user``, ``password`` and ``url`` name variables of the environment."""

    service: ServiceName
    kind: str
    user: VariableName | None = None
    password: VariableName | None = None
    url: VariableName | None = None
    bucket: BucketName | None = None


class Queue(Noun):
    """Work that waits: ``sql`` yields ``kind`` and ``items``.

    ``taken`` yields when an item was first taken from it, or added to it, after the recovery point, or null.
    ``items`` yields ``item`` for each: what tells it from every other, also after a replay.
    """

    database: AssetName
    sql: Sql
    items: FixedSql | None = None
    taken: Sql | None = None


class Review(BaseModel):
    """Who lets the workers resume, and how many of each class may wait in which queue."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, Ref("queue")], dict[str, NonNegativeInt]] = Field(init=False)

    approver: str = Field(min_length=1)

    @property
    def limits(self) -> dict[str, dict[str, int]]:
        """Queue → class → how many at most. A class that is not listed may not wait at all."""
        return dict(self.__pydantic_extra__ or {})


class Canary(Noun):
    """A piece of work of the drill's own; ``done`` reads the state of ``:job``."""

    database: AssetName
    service: ServiceName
    enqueue: Sql
    done: Annotated[Sql, Parameters(also=frozenset({"job"}))]
    state: str = "done"
    deadline_s: Seconds = Field(default=60.0, alias="deadline")


class Public(Noun):
    """Where the outside world comes in; ``url`` and ``ca`` name variables of the environment.

    ``login`` is the path that a browser starts its login at, ``session`` the cookie that it ends with.
    """

    service: ServiceName
    url: VariableName
    ca: VariableName | None = None
    login: str | None = Field(default=None, pattern=r"^/")
    session: str | None = None


class SourceBlock(Noun):
    """How ``restoreproof up`` makes a living source.

    ``provision`` and ``seed`` are a tool of ``service`` and its arguments: for a Python service a module, for
    another what its component has. A stack that needs neither leaves them out. ``{directory}`` stands for
    where provisioning leaves what it made: ``environment.env``, ``roles.sql``, ``realm.json``, ``custody/``
    and ``signer/``, as far as the stack's assets need them; ``{size}`` (``default`` or ``small``) and
    ``{seed}`` (a number) for what is asked of the seeder. ``needs`` are the services that it talks to.
    """

    release: Annotated[str, Ref("release")] = "expected"
    service: ServiceName
    provision: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    needs: tuple[ServiceName, ...] = ()


class Contract(Noun):
    """A whole ``stack.yaml``. Made by ``restoreproof.contract.load``, which also checks every reference."""

    # A runtime's block is known once the contract is: the schema is built when it is first asked for.
    model_config = ConfigDict(defer_build=True)

    schema_: Literal["restoreproof/stack/v1"] = Field(alias="schema")
    stack: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    objectives: Objectives
    backup: Schedule | None = None
    governance: GovernanceBlock | None = None
    production: Production | None = None
    releases: Releases | None = None
    services: dict[Annotated[str, Defines("service", spoken=False)], Service] = Field(min_length=1)
    assets: dict[Annotated[str, Defines("asset", spoken=False)], AssetBlock] = Field(min_length=1)
    order: tuple[Annotated[str, Defines("stage")], ...] = Field(min_length=1)
    public: Public | None = None
    windows: dict[Annotated[str, Defines("window", parameter=True)], Window] = Field(default_factory=dict)
    datasets: dict[Annotated[str, Defines("dataset")], Dataset] = Field(default_factory=dict)
    chains: dict[Annotated[str, Defines("chain")], Chain] = Field(default_factory=dict)
    signatures: dict[Annotated[str, Defines("signature")], Signature] = Field(default_factory=dict)
    endpoints: dict[Annotated[str, Defines("endpoint")], PublicEndpoint] = Field(default_factory=dict)
    sinks: dict[Annotated[str, Defines("sink")], Sink] = Field(default_factory=dict)
    queues: dict[Annotated[str, Defines("queue")], Queue] = Field(default_factory=dict)
    review: Review | None = None
    canary: Canary | None = None
    forbidden: dict[str, Forbidden] = Field(default_factory=dict)
    source: SourceBlock | None = None
    external: Annotated[Any, ReadBy("external")] = None

    _document: YamlDocument = PrivateAttr(default_factory=lambda: YamlDocument("stack.yaml", {}))
    _path: Path = PrivateAttr(default=Path("stack.yaml"))
    _sha256: str = PrivateAttr(default="")
    _owned: dict[str, tuple[AssetBlock, BaseModel]] = PrivateAttr(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file the contract was read from, absolute."""
        return self._path

    @property
    def directory(self) -> Path:
        """What relative paths in the contract start from."""
        return self._path.parent

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the file's bytes."""
        return self._sha256

    def release_directory(self, name: str) -> Path:
        """Where the release called ``expected`` or ``previous`` lies.

        Raises:
            ContractError: the contract has no such release.
        """
        if self.releases is None:
            raise ContractError(
                f"the contract has no release called {name!r}", where=Location(str(self.path))
            )
        return (self.directory / self.releases.named(name).path).resolve()

    def code_directory(self, release: str = "expected") -> Path:
        """Where the code of a release lies; a stack without releases of its own has none to run."""
        return self.release_directory(release) if self.releases else self.directory

    def where(self, *path: str | int) -> Location:
        """The line on which ``path`` (keys, from the top) stands."""
        return self._document.where(path)

    def written(self, *path: str | int) -> Any:
        """The plain value that stands at ``path``. Raises LookupError where there is none."""
        return self._document.value(path)

    def asset_block(self, name: str) -> BaseModel:
        """Return the block of the asset ``name`` as the model that its kind registers, with its name in it.

        Raises:
            ContractError: there is no such kind, or the block does not fit it; every fault with its line.
        """
        block = self.assets[name]
        if self._owned.get(name, (None,))[0] is not block:
            models = asset_models()
            path = ("assets", name)
            if block.kind not in models:
                others, meant = instead(block.kind, models)
                message = f"{path[0]}.{name}.kind: there is no kind {block.kind!r}{others}"
                raise InvalidContract([Problem(self.where(*path, "kind"), message, meant)])
            if _NAME in block.options():
                raise InvalidContract([Problem(self.where(*path, _NAME), _NAMED.format(name=name))])
            model = models[block.kind]
            written = block.model_dump(exclude_unset=True)
            self._owned[name] = (block, self._fitting({**written, _NAME: name}, model, path))
        return self._owned[name][1]

    def component_options(self, name: str) -> BaseModel:
        """Return the component's own keys of the service ``name``, as the model that the component registers.

        Raises:
            ContractError: there is no such component, or the keys don't fit it; every fault with its line.
        """
        service, known = self.services[name], component_names()
        if service.component not in known:
            others, meant = instead(service.component, known)
            message = f"services.{name}.component: there is no component {service.component!r}{others}"
            raise InvalidContract([Problem(self.where("services", name, "component"), message, meant)])
        model = component_model(service.component)
        return self._fitting(service.options(), model or ComponentOptions, ("services", name))

    def blocks(self) -> Iterator[OwnedBlock]:
        """Every block that belongs to an asset kind or a component, as its model. Raises ContractError."""
        for name in self.services:
            yield OwnedBlock(("services", name), ("service", name), self.component_options(name))
        for name in self.assets:
            yield OwnedBlock(("assets", name), ("asset", name), self.asset_block(name))

    def misfits(self) -> list[Problem]:
        """Everything that is wrong with the blocks that belong to an asset kind or a component."""
        found: list[Problem] = []
        reads = [partial(self.component_options, name) for name in self.services]
        for read in (*reads, *(partial(self.asset_block, name) for name in self.assets)):
            try:
                read()
            except InvalidContract as refusal:
                found += refusal.problems
        return found

    def options(self, block: Literal["assets", "services"], name: str, model: type[Block]) -> Block:
        """The keys that belong to the kind or component of one asset or service, as its own ``model``.

        Raises:
            ContractError: they don't fit; every fault with its line.
        """
        owner: AssetBlock | Service = self.assets[name] if block == "assets" else self.services[name]
        return self._fitting(owner.options(), model, (block, name))

    def _fitting(self, written: dict[str, Any], model: type[Block], path: tuple[str, str]) -> Block:
        try:
            return model.model_validate(written)
        except ValidationError as error:
            raise InvalidContract(from_validation(error, model, self._document, path)) from error

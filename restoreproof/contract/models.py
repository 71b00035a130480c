"""The nouns of a contract: frozen, and free of any one stack's names.

Keys that a model here does not know are errors, except in ``services`` and ``assets``, whose blocks belong to
their component or kind; those validate the rest themselves, through ``Contract.options``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, PrivateAttr, ValidationError

from restoreproof.contract.document import Document
from restoreproof.contract.durations import Seconds, Window
from restoreproof.contract.forbidden import Forbidden
from restoreproof.contract.problems import InvalidContract, from_validation
from restoreproof.contract.production import Production
from restoreproof.contract.rules import Governance, Objectives, Schedule
from restoreproof.contract.runtime_blocks import ReadBy
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError, Location

SCHEMA = "restoreproof/stack/v1"

Block = TypeVar("Block", bound=BaseModel)


class Noun(BaseModel):
    """A block whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Release(Noun):
    """A release of the stack's own code; ``path`` is relative to the contract."""

    version: str
    path: str


class Releases(Noun):
    """The release that is restored to, and the one the source runs."""

    expected: Release
    previous: Release | None = None

    def named(self, name: str) -> Release:
        """The release called ``expected`` or ``previous``. Raises ContractError if there is none."""
        release = {"expected": self.expected, "previous": self.previous}.get(name)
        if release is None:
            raise ContractError(f"the contract has no release called {name!r}")
        return release


class Asset(BaseModel):
    """Something a backup must hold; restored or verified at stage ``at`` by the kind that owns the block."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    at: str
    service: str | None = None

    def options(self) -> dict[str, Any]:
        """The kind's own keys, not yet validated."""
        return dict(self.model_extra or {})


class Dataset(Noun):
    """Rows that a feature speaks of.

    ``objects`` names the bucket that holds what the rows refer to. ``sample`` examines that many rows, drawn
    evenly. ``zero`` says that no row is right, also where the catalogue counted nothing to look through;
    ``of`` then counts what was looked through.
    """

    database: str
    sql: str
    objects: str | None = None
    sample: PositiveInt | None = None
    zero: bool = False
    of: str | None = None


class SignedColumn(Noun):
    """Signatures over ``prefix`` and a digest: the columns of the signature and of its key's id."""

    prefix: str = ""
    column: str
    key: str


class ChainWorker(Noun):
    """The service that verifies the chain itself, and the name it reports it under."""

    service: str
    report: str


class Chain(Noun):
    """A hash chain: each row's ``hash`` is over the canonical JSON of ``fields``, ``previous`` among them."""

    database: str
    sql: str
    sequence: str
    previous: str
    hash: str
    fields: tuple[str, ...] = Field(min_length=1)
    partition: str | None = None
    signature: SignedColumn | None = None
    worker: ChainWorker | None = None


class Signature(SignedColumn):
    """Signed rows of a dataset."""

    dataset: str


class Endpoint(Noun):
    """A path of the public interface.

    ``identity`` (written ``as``) is the person who asks; ``of`` the dataset whose columns fill the path. The
    rest names columns (``items``, ``sha256``, ``document``, ``signature``), a bucket (``object``,
    ``objects``) or the expected content type. ``post`` maps the members of a JSON body to columns; the column
    that ``document`` names stands for the object of that key. ``confirms`` is the member that is then true.
    """

    path: str = Field(pattern=r"^/")
    identity: str | None = Field(default=None, alias="as")
    of: str | None = None
    items: str | None = None
    sha256: str | None = None
    type: str | None = None
    object: str | None = None
    objects: str | None = None
    document: str | None = None
    signature: str | None = None
    post: dict[str, str] = Field(default_factory=dict)
    confirms: str | None = None


class Sink(Noun):
    """A way out of the stack. ``user``, ``password`` and ``url`` name variables of the environment."""

    service: str
    kind: str
    user: str | None = None
    password: str | None = None
    url: str | None = None
    bucket: str | None = None


class Queue(Noun):
    """Work that waits: ``sql`` yields ``kind`` and ``items``.

    ``taken`` yields when an item was first taken from it, or added to it, after the recovery point, or null.
    ``items`` yields ``item`` for each: what tells it from every other, also after a replay.
    """

    database: str
    sql: str
    items: str | None = None
    taken: str | None = None


class Review(BaseModel):
    """Who lets the workers resume, and how many of each class may wait in which queue."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, dict[str, NonNegativeInt]] = Field(init=False)

    approver: str = Field(min_length=1)

    @property
    def limits(self) -> dict[str, dict[str, int]]:
        """Queue → class → how many at most. A class that is not listed may not wait at all."""
        return dict(self.__pydantic_extra__ or {})


class Canary(Noun):
    """A piece of work of the drill's own; ``done`` reads the state of ``:job``."""

    database: str
    service: str
    enqueue: str
    done: str
    state: str = "done"
    deadline_s: Seconds = Field(default=60.0, alias="deadline")


class Public(Noun):
    """Where the outside world comes in; ``url`` and ``ca`` name variables of the environment.

    ``login`` is the path that a browser starts its login at, ``session`` the cookie that it ends with.
    """

    service: str
    url: str
    ca: str | None = None
    login: str | None = Field(default=None, pattern=r"^/")
    session: str | None = None


class Source(Noun):
    """How ``restoreproof up`` makes a living source.

    ``provision`` and ``seed`` are a tool of ``service`` and its arguments: for a Python service a module, for
    another what its component has. A stack that needs neither leaves them out. ``{directory}`` stands for
    where provisioning leaves what it made: ``environment.env``, ``roles.sql``, ``realm.json``, ``custody/``
    and ``signer/``, as far as the stack's assets need them; ``{size}`` (``default`` or ``small``) and
    ``{seed}`` (a number) for what is asked of the seeder. ``needs`` are the services that it talks to.
    """

    release: str = "expected"
    service: str
    provision: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Contract(Noun):
    """A whole ``stack.yaml``. Made by ``restoreproof.contract.load``, which also checks every reference."""

    # A runtime's block is known once the contract is: the schema is built when it is first asked for.
    model_config = ConfigDict(defer_build=True)

    schema_: Literal["restoreproof/stack/v1"] = Field(alias="schema")
    stack: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    objectives: Objectives
    backup: Schedule | None = None
    governance: Governance | None = None
    production: Production | None = None
    releases: Releases | None = None
    services: dict[str, Service] = Field(min_length=1)
    assets: dict[str, Asset] = Field(min_length=1)
    order: tuple[str, ...] = Field(min_length=1)
    public: Public | None = None
    windows: dict[str, Window] = Field(default_factory=dict)
    datasets: dict[str, Dataset] = Field(default_factory=dict)
    chains: dict[str, Chain] = Field(default_factory=dict)
    signatures: dict[str, Signature] = Field(default_factory=dict)
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)
    sinks: dict[str, Sink] = Field(default_factory=dict)
    queues: dict[str, Queue] = Field(default_factory=dict)
    review: Review | None = None
    canary: Canary | None = None
    forbidden: dict[str, Forbidden] = Field(default_factory=dict)
    source: Source | None = None
    external: Annotated[Any, ReadBy("external")] = None

    _document: Document = PrivateAttr(default_factory=lambda: Document("stack.yaml", {}))
    _path: Path = PrivateAttr(default=Path("stack.yaml"))
    _sha256: str = PrivateAttr(default="")

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

    def options(self, block: Literal["assets", "services"], name: str, model: type[Block]) -> Block:
        """The keys that belong to the kind or component of one asset or service, as its own ``model``.

        Raises:
            ContractError: they don't fit; every fault with its line.
        """
        owner: Asset | Service = self.assets[name] if block == "assets" else self.services[name]
        try:
            return model.model_validate(owner.options())
        except ValidationError as error:
            raise InvalidContract(from_validation(error, model, self._document, (block, name))) from error

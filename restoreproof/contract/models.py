"""A whole contract: frozen, and free of any one stack's names.

Unknown keys are errors, except in ``services`` and ``assets``, whose blocks belong to their component or kind
and are held against its own model (``block_models``). A block that only one runtime reads is added by
``runtime_blocks``. What a field defines or refers to stands in its annotation (``declarations``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from restoreproof.contract.block_models import OwnedBlock, asset_models, component_model, component_names
from restoreproof.contract.datasets import Chain, Dataset, Signature
from restoreproof.contract.declarations import Defines, ServiceName, StageName
from restoreproof.contract.document import YamlDocument
from restoreproof.contract.durations import Window
from restoreproof.contract.forbidden import Forbidden
from restoreproof.contract.interfaces import Public, PublicEndpoint, Sink
from restoreproof.contract.noun import Noun
from restoreproof.contract.problems import InvalidContract, Problem, from_validation, instead
from restoreproof.contract.production import Production
from restoreproof.contract.queues import Canary, Queue, Review
from restoreproof.contract.releases import Releases, SourceBlock
from restoreproof.contract.rules import CatalogueRule, GovernanceBlock, Objectives, Schedule
from restoreproof.contract.services import ComponentOptions, Service
from restoreproof.errors import ContractError, Location

SCHEMA = "restoreproof/stack/v1"

_NAME = "name"
_NAMED = "unknown key 'name' in assets.{name}: an asset is called as its block is"

Block = TypeVar("Block", bound=BaseModel)


class AssetBlock(BaseModel):
    """Something a backup must hold; restored or verified at stage ``at`` by the kind that owns the block."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    at: StageName
    service: ServiceName | None = None

    def options(self) -> dict[str, Any]:
        """Return the kind's own keys, not yet validated."""
        return dict(self.model_extra or {})


class Contract(Noun):
    """A whole ``stack.yaml``. Made by ``restoreproof.contract.load``, which also checks every reference."""

    # Contracts are read by the models that ``runtime_blocks`` derives: a validator of this one is not needed.
    model_config = ConfigDict(defer_build=True)

    runtime_fields: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Runtime to the name of the field that holds its block, for the runtimes whose blocks this model has."""

    schema_: Literal["restoreproof/stack/v1"] = Field(alias="schema")
    stack: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    objectives: Objectives
    backup: Schedule | None = None
    catalogue: CatalogueRule | None = None
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

    _document: YamlDocument = PrivateAttr(default_factory=lambda: YamlDocument("stack.yaml", {}))
    _path: Path = PrivateAttr(default=Path("stack.yaml"))
    _sha256: str = PrivateAttr(default="")
    _owned: dict[str, tuple[AssetBlock, BaseModel]] = PrivateAttr(default_factory=dict)

    @property
    def path(self) -> Path:
        """File that the contract was read from, absolute."""
        return self._path

    @property
    def directory(self) -> Path:
        """Directory that relative paths in the contract start from."""
        return self._path.parent

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the file's bytes."""
        return self._sha256

    def runtime_block(self, runtime: str) -> Any:
        """Return the block that only ``runtime`` reads, as that runtime's model; None if there is none."""
        field = self.runtime_fields.get(runtime)
        return getattr(self, field) if field else None

    def release_directory(self, name: str) -> Path:
        """Return where the release called ``expected`` or ``previous`` lies.

        Raises:
            ContractError: the contract has no such release.
        """
        if self.releases is None:
            raise ContractError(
                f"the contract has no release called {name!r}", where=Location(str(self.path))
            )
        return (self.directory / self.releases.named(name).path).resolve()

    def code_directory(self, release: str = "expected") -> Path:
        """Return where the code of a release lies; a stack without releases of its own has none to run."""
        return self.release_directory(release) if self.releases else self.directory

    def where(self, *path: str | int) -> Location:
        """Return the place on which ``path`` (keys, from the top) stands."""
        return self._document.where(path)

    def written(self, *path: str | int) -> Any:
        """Return the plain value that stands at ``path``. Raises LookupError where there is none."""
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
        service, names = self.services[name], component_names()
        if service.component not in names:
            others, meant = instead(service.component, names)
            message = f"services.{name}.component: there is no component {service.component!r}{others}"
            raise InvalidContract([Problem(self.where("services", name, "component"), message, meant)])
        model = component_model(service.component)
        return self._fitting(service.options(), model or ComponentOptions, ("services", name))

    def blocks(self) -> Iterator[OwnedBlock]:
        """Yield every block of an asset kind or a component, as its model. Raises ContractError."""
        for name in self.services:
            yield OwnedBlock(("services", name), ("service", name), self.component_options(name))
        for name in self.assets:
            yield OwnedBlock(("assets", name), ("asset", name), self.asset_block(name))

    def misfits(self) -> list[Problem]:
        """Return everything wrong with the blocks that belong to an asset kind or a component."""
        problems: list[Problem] = []
        reads = [partial(self.component_options, name) for name in self.services]
        for read in (*reads, *(partial(self.asset_block, name) for name in self.assets)):
            try:
                read()
            except InvalidContract as refusal:
                problems += refusal.problems
        return problems

    def options(self, block: Literal["assets", "services"], name: str, model: type[Block]) -> Block:
        """Return the keys that belong to the kind or component of one asset or service, as its own ``model``.

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

"""What the parts of a contract say of one another: every name that is used must be defined somewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from restoreproof.contract.freezing import SMOKE
from restoreproof.contract.models import Contract
from restoreproof.contract.nouns import nouns
from restoreproof.contract.problems import Problem, nearest
from restoreproof.contract.sql import parameters
from restoreproof.contract.variables import variables_in

MOMENTS = frozenset({"recovery_point"})
"""What every contract query may ask for beside the windows and the people."""


def problems(contract: Contract) -> Iterator[Problem]:
    """Every name that leads nowhere, with its line and the nearest name that exists."""
    for path, what, given, known in uses(contract):
        if given is not None and given not in known:
            yield Problem(
                contract.where(*path),
                f"{_dotted(path)}: no {what} is called {given!r}",
                nearest(given, known),
            )
    yield from _stages(contract)
    yield from _placeholders(contract)
    yield from _unreviewed(contract)
    if contract.external is not None:
        yield from contract.external.problems(contract)


Use = tuple[tuple[str | int, ...], str, str | None, Collection[str]]


def uses(contract: Contract) -> Iterator[Use]:
    """Every use of a name: where it stands, what it must name, the name, and the names there are."""
    named = nouns(contract)
    stages, services, buckets = named["stage"], named["service"], named["bucket"]
    yield ("objectives", "service"), "stage", contract.objectives.service, stages
    for name, service in contract.services.items():
        yield ("services", name, "starts"), "stage", service.starts, stages
        yield ("services", name, "resumes"), "stage", _text(service.options().get("resumes")), stages
    for name, asset in contract.assets.items():
        yield ("assets", name, "at"), "stage", asset.at, stages
        yield ("assets", name, "service"), "service", asset.service, services
    for name, dataset in contract.datasets.items():
        yield ("datasets", name, "objects"), "bucket", dataset.objects, buckets
    for name, chain in contract.chains.items():
        worker = chain.worker.service if chain.worker else None
        yield ("chains", name, "worker", "service"), "service", worker, services
    for name, signature in contract.signatures.items():
        yield ("signatures", name, "dataset"), "dataset", signature.dataset, named["dataset"]
    for name, endpoint in contract.endpoints.items():
        yield ("endpoints", name, "of"), "dataset", endpoint.of, named["dataset"]
        yield ("endpoints", name, "as"), "person", endpoint.identity, named["person"]
        yield ("endpoints", name, "object"), "bucket", endpoint.object, buckets
        yield ("endpoints", name, "objects"), "bucket", endpoint.objects, buckets
    for name, sink in contract.sinks.items():
        yield ("sinks", name, "service"), "service", sink.service, services
        yield ("sinks", name, "bucket"), "bucket", sink.bucket, buckets
    if contract.review:
        for queue in contract.review.limits:
            yield ("review", queue), "queue", queue, named["queue"]
    yield from _single(contract, services)
    yield from _external(contract, services)
    yield from _production(contract, services)
    yield from _databases(contract, named["asset"])
    yield from _parameters(contract, named)
    yield from _variables(contract, named["variable"])


def _single(contract: Contract, services: Collection[str]) -> Iterator[Use]:
    for number, name in enumerate(contract.objectives.survives):
        yield ("objectives", "survives", number), "asset", name, contract.assets
    if contract.public:
        yield ("public", "service"), "service", contract.public.service, services
    if contract.canary:
        yield ("canary", "service"), "service", contract.canary.service, services
    if contract.source:
        yield ("source", "service"), "service", contract.source.service, services
        for number, needed in enumerate(contract.source.needs):
            yield ("source", "needs", number), "service", needed, services
        releases = contract.releases.model_dump(exclude_none=True) if contract.releases else {}
        if releases or "release" in contract.source.model_fields_set:
            yield ("source", "release"), "release", contract.source.release, releases


def _external(contract: Contract, services: Collection[str]) -> Iterator[Use]:
    target = contract.external
    if target is None:
        return
    for name in target.services:
        yield ("external", "services", name), "service", name, services
    for name in target.restore:
        yield ("external", "restore", name), "asset", name, contract.assets
    if target.isolation:
        path = ("external", "isolation", "within")
        yield path, "service of the target", target.isolation.within, target.services


def _production(contract: Contract, services: Collection[str]) -> Iterator[Use]:
    if contract.production:
        for block in ("engines", "programs"):
            for name in getattr(contract.production, block):
                yield ("production", block, name), "service", name, services
        for block in ("collation", "collation_version"):
            declared = getattr(contract.production, block)
            for name in declared if isinstance(declared, dict) else ():
                yield ("production", block, name), "asset", name, contract.assets


def _databases(contract: Contract, assets: Collection[str]) -> Iterator[Use]:
    for block in ("datasets", "chains", "queues"):
        for name, noun in getattr(contract, block).items():
            yield (block, name, "database"), "asset", noun.database, assets
    if contract.canary:
        yield ("canary", "database"), "asset", contract.canary.database, assets


def _parameters(contract: Contract, named: dict[str, set[str]]) -> Iterator[Use]:
    """Every ``:name`` that a query asks for."""
    known = MOMENTS | named["window"] | named["person"]
    queries: list[tuple[tuple[str | int, ...], str | None, frozenset[str]]] = []
    for name, dataset in contract.datasets.items():
        queries += [
            (("datasets", name, "sql"), dataset.sql, known),
            (("datasets", name, "of"), dataset.of, known),
        ]
    queries += [(("chains", name, "sql"), chain.sql, known) for name, chain in contract.chains.items()]
    for name, queue in contract.queues.items():
        queries += [
            (("queues", name, "sql"), queue.sql, known),
            (("queues", name, "taken"), queue.taken, known),
            (("queues", name, "items"), queue.items, frozenset()),
        ]
    if contract.canary:
        queries += [(("canary", "enqueue"), contract.canary.enqueue, known)]
        queries += [(("canary", "done"), contract.canary.done, known | {"job"})]
    for path, sql, allowed in queries:
        for parameter in sorted(parameters(sql or "")):
            yield path, "parameter", parameter, allowed


def _variables(contract: Contract, declared: Collection[str]) -> Iterator[Use]:
    """Every ``$NAME`` of a bucket, where the contract lists the variables of its environment."""
    if not declared:
        return
    for asset_name, asset in contract.assets.items():
        buckets = asset.options().get("buckets")
        for name, bucket in buckets.items() if isinstance(buckets, dict) else ():
            text = bucket.get("name") if isinstance(bucket, dict) else None
            for variable in variables_in(_text(text) or ""):
                yield ("assets", asset_name, "buckets", name, "name"), "variable", variable, declared


def _stages(contract: Contract) -> Iterator[Problem]:
    resumed = {_text(service.options().get("resumes")) for service in contract.services.values()}
    used = {asset.at for asset in contract.assets.values()} | {s.starts for s in contract.services.values()}
    used |= {stage for stage in resumed if stage}
    # Nothing is restored or started there: only features speak.
    used |= {SMOKE, contract.objectives.service or SMOKE}
    for position, stage in enumerate(contract.order):
        if stage not in used:
            yield Problem(
                contract.where("order", position),
                f"order: no asset, no service and no built-in check knows a stage {stage!r}",
                nearest(stage, used - set(contract.order)),
            )
    for stage, times in Counter(contract.order).items():
        if times > 1:
            yield Problem(contract.where("order"), f"order: the stage {stage!r} is listed {times} times")


def _placeholders(contract: Contract) -> Iterator[Problem]:
    for name, endpoint in contract.endpoints.items():
        if re.search(r"\{\w+\}", endpoint.path) and endpoint.of is None:
            message = (
                f"endpoints.{name}: the path has placeholders, but 'of' names no dataset to fill them from"
            )
            yield Problem(contract.where("endpoints", name, "path"), message)


def _unreviewed(contract: Contract) -> Iterator[Problem]:
    limits = contract.review.limits if contract.review else {}
    for name in contract.queues:
        if name not in limits:
            message = f"queues.{name}: the review says nothing of this queue, so nothing could ever resume"
            yield Problem(
                contract.where("queues", name), message, nearest(name, set(limits) - set(contract.queues))
            )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)

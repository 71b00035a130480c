"""How a service starts: something tells when it is ready, and nothing sets variables beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from restoreproof.contract.problems import Problem
from restoreproof.contract.services import RESTORED, Service
from restoreproof.runtimes.compose.composefile.document import Composed, ComposeStack, at_default, mapping


def _health(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """Without one, a container counts as healthy as soon as it runs."""
    for name, service, block in stack.both(composed):
        if not _asked(mapping(block.get("healthcheck"))) and not _tells(service):
            yield Problem(
                composed.where("services", name, "healthcheck"),
                f"service {name!r} has no healthcheck, so that nobody knows when it is ready; add one whose "
                "test answers only then",
            )


def _asked(check: Mapping[str, Any]) -> bool:
    test = check.get("test")
    return bool(test) and test not in ("NONE", ["NONE"]) and not check.get("disable")


def _tells(service: Service) -> bool:
    """Whether it runs to its end, or by the contract its log says when it is ready."""
    ready = service.options().get("ready")
    return bool(service.options().get("one_shot")) or (isinstance(ready, Mapping) and bool(ready.get("log")))


def _entrypoint(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, service, block in stack.both(composed):
        if service.environment == RESTORED and block.get("entrypoint") is not None:
            yield Problem(
                composed.where("services", name, "entrypoint"),
                f"service {name!r} has an entrypoint, which may set what the restored environment lacks; "
                "take it out and let the image's own start it",
            )


def _single(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """Of several containers one would be watched, and only that one stopped."""
    for name, _, block in stack.both(composed):
        deploy = mapping(block.get("deploy"))
        for key, count in {"scale": block.get("scale"), "deploy": deploy.get("replicas")}.items():
            if count is not None and at_default(str(count)) != "1":
                yield Problem(
                    composed.where("services", name, key),
                    f"service {name!r} is to run {count} times, and a drill watches one container of it; "
                    "take it out",
                )


RULES = (_health, _entrypoint, _single)

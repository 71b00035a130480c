"""The proxy: its configuration and certificate, restored and served again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

import crossplane

from restoreproof.assets.base import (
    Asset,
    BackupContext,
    InstallContext,
    RestoreContext,
    RestoreFailed,
    StackContext,
)
from restoreproof.backups import missing
from restoreproof.contract.declarations import ServiceName, VariableName
from restoreproof.runtimes.base import Start

DIRECTORY = "proxy"


class ProxyAsset(Asset):
    """nginx: ``config`` is its file in the set, ``source`` where it lies beside the contract.

    ``certificate``, ``key`` and ``ca`` name variables of the environment; ``upstreams`` the only services
    that the configuration may send requests to.
    """

    service: ServiceName
    config: str
    source: str
    certificate: VariableName
    key: VariableName
    ca: VariableName
    upstreams: tuple[ServiceName, ...]

    after: ClassVar[tuple[str, ...]] = ("secrets",)
    rests_on: ClassVar[tuple[str, ...]] = ("destinations", "certificate")

    def back_up(self, backup_context: BackupContext) -> None:
        target = backup_context.directory / DIRECTORY
        target.mkdir(parents=True)
        shutil.copyfile(backup_context.stack_context.contract.directory / self.source, target / self.config)
        (target / "tls.crt").write_bytes(backup_context.stack_context.vault.pem(self.certificate))

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.PROXY)

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        if service != self.service:
            return Start()
        restore_context.backup.require(missing.PROXY)
        config = restore_context.backup.directory / DIRECTORY / self.config
        if not config.is_file():
            raise RestoreFailed(f"the set holds no {DIRECTORY}/{self.config}")
        return self._serving(config, restore_context.stack_context)

    def provision(self, service: str, install_context: InstallContext) -> Start:
        if service != self.service:
            return Start()
        return self._serving(
            install_context.stack_context.contract.directory / self.source, install_context.stack_context
        )

    def _serving(self, config: Path, stack_context: StackContext) -> Start:
        certificate, key = stack_context.vault.pem(self.certificate), stack_context.vault.pem(self.key)
        return Start(files={self.config: config.read_bytes(), "tls.crt": certificate, "tls.key": key})


_PASSES = frozenset({"proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"})


def destinations(config: str) -> list[str]:
    """Return every host that an nginx configuration sends requests to, as written, by parsing it.

    An ``upstream`` of the file's own stands for its servers. What is in another file can't be seen, so an
    ``include`` is a destination too.

    Raises:
        ValueError: crossplane can't parse the file.
    """
    parsed: dict[str, Any] = crossplane.parse(config, single=True, combine=False)
    if parsed["status"] != "ok":
        raise ValueError(f"{config}: {parsed['errors'][0]['error']}")
    places: list[str] = []
    upstreams: set[str] = set()

    def walk(block: list[dict[str, Any]], in_upstream: bool) -> None:
        for directive in block:
            name, arguments = directive["directive"], directive.get("args", [])
            if name == "upstream":
                upstreams.update(arguments[:1])
            if name in _PASSES or (name == "server" and in_upstream and arguments):
                places.append(arguments[0])
            elif name == "include":
                places.append(f"include {arguments[0]}")
            walk(directive.get("block", []), name == "upstream")

    walk(parsed["config"][0]["parsed"], False)
    return [place for place in places if place.partition("://")[2].partition("/")[0] not in upstreams]

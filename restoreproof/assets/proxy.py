"""The proxy: its configuration and certificate, restored and served again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

import crossplane

from restoreproof.assets.base import Asset, Ground, Installing, RestoreFailed, Restoring, Taking
from restoreproof.backups import lacking
from restoreproof.runtimes.base import Start

DIRECTORY = "proxy"


class ProxyAsset(Asset):
    """nginx: ``config`` is its file in the set, ``source`` where it lies beside the contract.

    ``certificate``, ``key`` and ``ca`` name variables of the environment; ``upstreams`` the only services
    that the configuration may send requests to.
    """

    service: str
    config: str
    source: str
    certificate: str
    key: str
    ca: str
    upstreams: tuple[str, ...]

    after: ClassVar[tuple[str, ...]] = ("secrets",)

    def take(self, taking: Taking) -> None:
        target = taking.directory / DIRECTORY
        target.mkdir(parents=True)
        shutil.copyfile(taking.ground.contract.directory / self.source, target / self.config)
        (target / "tls.crt").write_bytes(taking.ground.vault.pem(self.certificate))

    def restore(self, restoring: Restoring) -> None:
        restoring.backup.require(lacking.PROXY)

    def contribution(self, service: str, restoring: Restoring) -> Start:
        if service != self.service:
            return Start()
        restoring.backup.require(lacking.PROXY)
        config = restoring.backup.directory / DIRECTORY / self.config
        if not config.is_file():
            raise RestoreFailed(f"the set holds no {DIRECTORY}/{self.config}")
        return self._serving(config, restoring.ground)

    def provision(self, service: str, installing: Installing) -> Start:
        if service != self.service:
            return Start()
        return self._serving(installing.ground.contract.directory / self.source, installing.ground)

    def _serving(self, config: Path, ground: Ground) -> Start:
        certificate, key = ground.vault.pem(self.certificate), ground.vault.pem(self.key)
        return Start(files={self.config: config.read_bytes(), "tls.crt": certificate, "tls.key": key})


_PASSES = frozenset({"proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"})


def destinations(config: str) -> list[str]:
    """Every host that an nginx configuration sends requests to, as written, by parsing it.

    An ``upstream`` of the file's own stands for its servers. What is in another file can't be seen, so an
    ``include`` is a destination too.

    Raises:
        ValueError: crossplane can't parse the file.
    """
    parsed: dict[str, Any] = crossplane.parse(config, single=True, combine=False)
    if parsed["status"] != "ok":
        raise ValueError(f"{config}: {parsed['errors'][0]['error']}")
    found: list[str] = []
    upstreams: set[str] = set()

    def walk(block: list[dict[str, Any]], in_upstream: bool) -> None:
        for directive in block:
            name, arguments = directive["directive"], directive.get("args", [])
            if name == "upstream":
                upstreams.update(arguments[:1])
            if name in _PASSES or (name == "server" and in_upstream and arguments):
                found.append(arguments[0])
            elif name == "include":
                found.append(f"include {arguments[0]}")
            walk(directive.get("block", []), name == "upstream")

    walk(parsed["config"][0]["parsed"], False)
    return [one for one in found if one.partition("://")[2].partition("/")[0] not in upstreams]

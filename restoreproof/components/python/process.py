"""A Python service of the stack: its own virtual environment, the release tree, the restored environment."""

from __future__ import annotations

import json
from pathlib import Path

from restoreproof.components.python.options import PythonOptions, Ready
from restoreproof.components.python.readiness import ask_trusting, trust
from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.runtimes.host.identity import Identity, sha256
from restoreproof.runtimes.host.interpreter import python_read
from restoreproof.runtimes.process.component import Launch, ProcessComponent, ReadyProbe, Site, Tool
from restoreproof.runtimes.process.sandbox import Mounts

RELEASE = "release.json"
"""What a release says of itself: its version, and the digests of what it is made of."""


class PythonProcess(ProcessComponent[PythonOptions]):
    """Python service: ``<venv>/bin/python <run>`` in the data directory, the release on PYTHONPATH."""

    def prepare(self, site: Site, start: Start) -> Launch:
        if self.options.one_shot or self.options.ready is None:
            raise ContractError(
                f"service {site.name!r} is not started: it is one_shot, or says nothing of `ready`",
                hint="run it as a tool, or add ready: {path: …} or ready: {log: …}",
            )
        base_tool = self.tool(site, "")
        return Launch(
            argv=[str(self._interpreter(site)), *self.options.run, *start.arguments],
            mounts=base_tool.mounts,
            environment={**base_tool.environment, **start.environment},
            ready=self._probe(site, start, self.options.ready),
            what=f"{site.name} is ready",
            deadline_s=self.options.deadline_s,
        )

    def identity(self, site: Site, launch: Launch) -> Identity:
        """Return the release that the service imports, by the digest of its ``release.json``."""
        release = site.code / RELEASE
        if not release.is_file():
            return super().identity(site, launch)
        stated = str(json.loads(release.read_bytes()).get("version", "")) or None
        return Identity(site.service.component, stated, f"sha256:{sha256(release)}", str(release))

    def _venv(self, site: Site) -> Path:
        return Path(str((site.contract_dir / self.options.venv).absolute())).resolve()

    def _interpreter(self, site: Site) -> Path:
        interpreter = self._venv(site) / "bin" / "python"
        if not interpreter.exists():
            raise ContractError(
                f"service {site.name!r}: there is no {interpreter}",
                hint="`make` builds the environments first",
            )
        return interpreter

    def tool(self, site: Site, name: str) -> Tool:
        """Return how the module ``name`` runs, in the service's own environment and release."""
        environment: dict[str, str | Secret] = {
            "PYTHONPATH": str(site.code),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
            "HOME": str(site.data),
        }
        mounts = Mounts(read=(*python_read(self._venv(site)), site.code))
        return Tool(argv=[str(self._interpreter(site)), "-m", name], mounts=mounts, environment=environment)

    def _probe(self, site: Site, start: Start, ready: Ready) -> ReadyProbe:
        if ready.log is None and ready.path is None:
            raise ContractError(f"service {site.name!r}: `ready` names neither a path nor a log text")
        endpoint = Endpoint(site.name, site.name, site.address, site.port("main"))
        tls = trust(ready, endpoint.service, start)
        return lambda log: ask_trusting(ready, endpoint, tls, lambda: log)


PART = PythonProcess

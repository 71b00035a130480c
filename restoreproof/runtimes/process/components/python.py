"""A Python service of the stack: its own virtual environment, the release tree, the restored environment."""

from __future__ import annotations

import base64
import binascii
import json
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
from pydantic import BaseModel, Field

from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.runtimes.process.components import base
from restoreproof.runtimes.process.components.base import Launch, Site, Tool
from restoreproof.runtimes.process.identity import Identity, sha256
from restoreproof.runtimes.process.sandbox import Mounts, python_read
from restoreproof.waiting import NotReady

RELEASE = "release.json"
"""What a release says of itself: its version, and the digests of what it is made of."""


class Tls(BaseModel, frozen=True, extra="forbid"):
    """Names of variables in the service's environment that hold base64 of PEM: a CA, and a client's pair."""

    ca: str
    certificate: str | None = None
    key: str | None = None


class Ready(BaseModel, frozen=True, extra="forbid"):
    """Either a ``path`` that answers 200 (over ``tls``, if given) or a text in the ``log``."""

    path: str | None = None
    tls: Tls | None = None
    log: str | None = None


class Options(base.Options):
    """``venv`` is relative to the contract; ``run`` are arguments of its interpreter."""

    venv: Path
    run: tuple[str, ...] = Field(min_length=1)
    ready: Ready | None = None
    one_shot: bool = False
    deadline_s: float = 40.0


class Python(base.Component[Options]):
    """``<venv>/bin/python <run>`` in the data directory, with the release tree on PYTHONPATH."""

    model = Options

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
        """The release that it imports, by the digest of what the release says of itself."""
        told = site.code / RELEASE
        if not told.is_file():
            return super().identity(site, launch)
        stated = str(json.loads(told.read_bytes()).get("version", "")) or None
        return Identity(site.service.component, stated, f"sha256:{sha256(told)}", str(told))

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
        """The module ``name`` of the same environment and release."""
        environment: dict[str, str | Secret] = {
            "PYTHONPATH": str(site.code),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
            "HOME": str(site.data),
        }
        mounts = Mounts(read=(*python_read(self._venv(site)), site.code))
        return Tool(argv=[str(self._interpreter(site)), "-m", name], mounts=mounts, environment=environment)

    def _probe(self, site: Site, start: Start, ready: Ready) -> base.Probe:
        if ready.log is None and ready.path is None:
            raise ContractError(f"service {site.name!r}: `ready` names neither a path nor a log text")
        endpoint = Endpoint(site.name, site.name, site.address, site.port("main"))
        tls = _trust(ready, endpoint.service, start)
        return lambda log: _asked(ready, endpoint, tls, lambda: log)


def ask(ready: Ready, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    """Return if the service at ``endpoint`` is ready; ``log`` gives what it has logged.

    Raises:
        NotReady, OSError, httpx.TransportError: it is not, or not yet.
        ServiceFailedError: ``start`` lacks what asking takes.
    """
    _asked(ready, endpoint, _trust(ready, endpoint.service, start), log)


def _trust(ready: Ready, name: str, start: Start) -> ssl.SSLContext | None:
    return _tls(name, start, ready.tls) if ready.tls else None


def _asked(ready: Ready, endpoint: Endpoint, tls: ssl.SSLContext | None, log: Callable[[], str]) -> None:
    if ready.log is not None and ready.log not in log():
        raise NotReady(f"its log does not say {ready.log!r} yet")
    if ready.log is None and ready.path is not None:
        _answers(endpoint, ready.path, tls)


def _answers(endpoint: Endpoint, path: str, tls: ssl.SSLContext | None) -> None:
    scheme = "https" if tls else "http"
    with httpx.Client(verify=tls or False, timeout=5, trust_env=False) as client:
        # By address, with Host and SNI kept: outside the sandbox nobody resolves the name.
        answer = client.get(
            f"{scheme}://{endpoint.address}:{endpoint.port}{path}",
            headers={"Host": f"{endpoint.host}:{endpoint.port}"},
            extensions={"sni_hostname": endpoint.host},
        )
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"{path} answers {answer.status_code}: {answer.text[:300]}")


def _tls(name: str, start: Start, tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=_pem(name, start, tls.ca).decode())
    if tls.certificate and tls.key:
        # ssl loads a key from a file only; this one is mode 0600 and gone after the call.
        with tempfile.NamedTemporaryFile(suffix=".pem") as pair:
            pair.write(_pem(name, start, tls.certificate) + b"\n" + _pem(name, start, tls.key))
            pair.flush()
            try:
                context.load_cert_chain(pair.name)
            except ssl.SSLError as error:
                raise ServiceFailedError(
                    f"{name}: {tls.certificate} and {tls.key} are no pair: {error}"
                ) from error
    return context


def _pem(name: str, start: Start, variable: str) -> bytes:
    value = start.environment.get(variable)
    if value is None:
        raise ServiceFailedError(
            f"{name}: its environment has no {variable}, which its readiness check needs",
            hint="the restored environment is incomplete, or the contract names another variable",
        )
    text = value.reveal() if isinstance(value, Secret) else value
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ServiceFailedError(f"{name}: {variable} is not base64") from error


COMPONENT = Python

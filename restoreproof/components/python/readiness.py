"""Whether a Python service is ready, by what the contract's ``ready:`` says."""

from __future__ import annotations

import base64
import binascii
import ssl
import tempfile
from collections.abc import Callable

import httpx

from restoreproof.components.python.options import Ready, ReadyTls
from restoreproof.errors import ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.waiting import NotReady


def ask(ready: Ready, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    """Return if the service at ``endpoint`` is ready; ``log`` gives what it has logged.

    Raises:
        NotReady, OSError, httpx.TransportError: it is not, or not yet.
        ServiceFailedError: ``start`` lacks what asking takes.
    """
    ask_trusting(ready, endpoint, trust(ready, endpoint.service, start), log)


def trust(ready: Ready, name: str, start: Start) -> ssl.SSLContext | None:
    return _tls(name, start, ready.tls) if ready.tls else None


def ask_trusting(
    ready: Ready, endpoint: Endpoint, tls: ssl.SSLContext | None, log: Callable[[], str]
) -> None:
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


def _tls(name: str, start: Start, tls: ReadyTls) -> ssl.SSLContext:
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

"""TLS to a service of the target: the name that its certificate is for, and those who may have signed it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from urllib3.util.ssl_match_hostname import CertificateError

_USUAL = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
_REFUSALS = (ssl.SSLError, CertificateError)
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""What a service does that only comes up, or goes."""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS of a service: its certificate has to be for ``name``, signed by one of the PEM file ``ca``."""

    name: str
    ca: Path

    def context(self) -> ssl.SSLContext:
        """Return what verifies a connection. Raises OSError if ``ca`` holds no readable certificates."""
        return ssl.create_default_context(cafile=str(self.ca))


def system_trust(environment: Mapping[str, str]) -> Path | None:
    """Return the file of authorities that this machine trusts, or ``environment`` names; None without one.

    Every client is given the same file, for each would look for one of its own elsewhere.
    """
    named = (environment.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile)
    candidates = (*(Path(candidate) for candidate in named if candidate), *_USUAL)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def refusal(error: BaseException) -> str | None:
    """Return why TLS refuses whoever answers, if ``error`` comes from that; None if it does not."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, _REFUSALS):
        cause = cause.__cause__ or cause.__context__
    return None if cause is None or isinstance(cause, _HUNG_UP) else str(cause)

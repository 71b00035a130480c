"""TLS to a service of the target: the name that its certificate is for, and those who may have signed it."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

_USUAL = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Nobody is spoken to whose certificate is not for ``name``, or signed by none of the PEM file ``ca``."""

    name: str
    ca: Path

    def context(self) -> ssl.SSLContext:
        """What verifies a connection. Raises OSError if ``ca`` holds no certificates that can be read."""
        return ssl.create_default_context(cafile=str(self.ca))


def system_trust() -> Path | None:
    """The file of authorities that this machine trusts; None if it has none.

    Every client is given the same file, for each would look for one of its own elsewhere.
    """
    told = ssl.get_default_verify_paths()
    named = (os.environ.get("SSL_CERT_FILE"), told.cafile)
    candidates = (*(Path(one) for one in named if one), *_USUAL)
    return next((one for one in candidates if one.is_file()), None)

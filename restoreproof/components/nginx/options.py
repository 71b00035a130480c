"""What a service of Nginx takes in a contract."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions


class NginxOptions(ComponentOptions):
    """Keys of an nginx service; ``configuration`` and ``certificate`` are among ``Start.files``."""

    configuration: str = "nginx.conf"
    certificate: str = "tls.crt"
    tls: bool = True


OPTIONS = NginxOptions

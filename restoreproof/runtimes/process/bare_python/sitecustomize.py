"""Python imports this at its start: the names of the file RESTOREPROOF_HOSTS resolve as in /etc/hosts.

It runs on the Python of a service, so it imports nothing but the standard library.
"""

import os
import socket
from pathlib import Path
from typing import Any


def _table() -> dict[str, str]:
    path = os.environ.get("RESTOREPROOF_HOSTS")
    lines = Path(path).read_text(encoding="utf-8").splitlines() if path else []
    return {name: words[0] for line in lines for words in [line.split()] for name in words[1:]}


_addresses = _table()
_getaddrinfo = socket.getaddrinfo


def _resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo(_addresses.get(name, host), *arguments, **named)


socket.getaddrinfo = _resolve

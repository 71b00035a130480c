"""A registry of images that only takes: pushing to it is how an image of this machine comes to a digest."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class _Registry(ThreadingHTTPServer):
    """Remembers how long each blob was, by its digest, and each upload, by its path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.numbers = itertools.count(1)
        self.sizes: dict[str, int] = {}


class _Taker(BaseHTTPRequestHandler):
    """The half of the protocol that ``docker push`` speaks. Nobody pulls, so nothing is kept."""

    protocol_version = "HTTP/1.1"
    server: _Registry

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/v2/" else 404)

    def do_HEAD(self) -> None:
        digest = self.path.rpartition("/")[2]
        size = self.server.sizes.get(digest)
        if size is None:
            self._answer(404)
        else:
            self._answer(200, size, Docker_Content_Digest=digest)

    def do_POST(self) -> None:
        self._take()
        location = f"{urlsplit(self.path).path}{next(self.server.numbers)}"
        self._answer(202, Location=location, Range="0-0")

    def do_PATCH(self) -> None:
        self.server.sizes[self.path] = size = len(self._take())
        self._answer(202, Location=self.path, Range=f"0-{max(size - 1, 0)}")

    def do_PUT(self) -> None:
        content, url, sizes = self._take(), urlsplit(self.path), self.server.sizes
        [digest] = parse_qs(url.query).get("digest", [f"sha256:{hashlib.sha256(content).hexdigest()}"])
        sizes[digest] = sizes.get(url.path, 0) + len(content)
        self._answer(201, Location=url.path, Docker_Content_Digest=digest)

    def _take(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, length: int = 0, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what went wrong."""


@contextmanager
def registry() -> Iterator[str]:
    """Yields its ``host:port``, which the daemon takes without TLS as it is on the loopback address."""
    server = _Registry()
    threading.Thread(target=server.serve_forever, name="registry", daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

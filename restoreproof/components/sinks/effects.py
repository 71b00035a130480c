"""What a sink has recorded: counted without limit, described up to one, and told over HTTP."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_DESCRIBED = 200
_SUMMARY = 200


class Effects:
    """Append-only list of effects in ``path``, which outlives a restart of the sink."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        lines = path.read_text().splitlines() if path.exists() else []
        self._count = len(lines)
        self._described: list[dict[str, str]] = [json.loads(line) for line in lines[:_DESCRIBED]]

    def record(self, kind: str, summary: str) -> None:
        """Add one effect; it is on disk before the client hears that it was accepted."""
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        effect = {"at": at, "kind": kind, "summary": summary[:_SUMMARY]}
        with self._lock:
            self._count += 1
            if len(self._described) < _DESCRIBED:
                self._described.append(effect)
            with self._path.open("a") as file:
                file.write(json.dumps(effect) + "\n")

    def as_json(self) -> dict[str, Any]:
        """Return ``{"count": n, "effects": [...]}``: all are counted, the first 200 are described."""
        with self._lock:
            return {"count": self._count, "effects": list(self._described)}


class EffectsHandler(BaseHTTPRequestHandler):
    """Handler of ``GET /effects``, which answers 404 to anything else."""

    effects: Effects

    def do_GET(self) -> None:
        """Tell what was recorded."""
        if self.path == "/effects":
            self.answer(200, self.effects.as_json())
        else:
            self.answer(404, {"error": "there is /effects only"})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        """Send ``body`` as JSON."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def serve(address: str, port: int, effects: Effects, handler: type[EffectsHandler] = EffectsHandler) -> None:
    """Answer on ``port`` from a thread of its own until the process ends."""
    bound = type(handler.__name__, (handler,), {"effects": effects})
    server = ThreadingHTTPServer((address, port), bound)
    threading.Thread(target=server.serve_forever, name=f"http-{port}", daemon=True).start()

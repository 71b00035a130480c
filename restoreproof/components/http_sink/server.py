"""The webhook sink: ``python -m restoreproof.components.http_sink.server``, configured by its environment."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from restoreproof.components.sinks.effects import Effects, EffectsHandler, serve

_MAX_BODY = 16 * 1024 * 1024


class RequestRecorder(EffectsHandler):
    """Handler that records every POST and PUT as an effect."""

    def do_POST(self) -> None:  # noqa: N802 (the name http.server calls)
        """Record one request; its body is told by length and digest only."""
        length = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY)
        body = self.rfile.read(length)
        digest = hashlib.sha256(body).hexdigest()[:16]
        self.effects.record("webhook", f"{self.command} {self.path}, {len(body)} bytes, sha256 {digest}")
        self.answer(200, {"recorded": True})

    do_PUT = do_POST  # noqa: N815 (likewise)


def main() -> None:
    """Serve until the process is ended."""
    address = os.environ["SINK_ADDRESS"]
    effects = Effects(Path("effects.jsonl"))
    ports: dict[int, type[EffectsHandler]] = {int(os.environ["SINK_PORT"]): RequestRecorder}
    ports.setdefault(int(os.environ["SINK_EFFECTS_PORT"]), EffectsHandler)
    for port, handler in ports.items():
        serve(address, port, effects, handler)
    threading.Event().wait()


if __name__ == "__main__":
    main()

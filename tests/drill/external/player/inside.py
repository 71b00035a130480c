"""The inner side of a player: ``python -m tests.drill.external.player.inside CONFIG``, in its sandbox."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, ClassVar

from restoreproof.contract import load
from restoreproof.errors import RestoreproofError
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.runtimes.process.runtime import ProcessRuntime
from tests.drill.external.player import snapshots
from tests.drill.external.player.client import ORDERS, Order, Reply
from tests.drill.external.player.relay import serve_doors
from tests.drill.external.player.stores import Store, stores

DOORS = "doors.json"
_PROBE_S = 2.0


@dataclass(frozen=True, slots=True)
class Streams:
    """The standard input and output of whoever gave an order; they may be another user's."""

    stdin: BinaryIO
    stdout: BinaryIO


class Target:
    """The services of one contract as a provider runs them: each at an order, and none by itself.

    What was done is written to ``player.jsonl`` in ``workdir``, which is the current directory.
    """

    def __init__(self, contract: Path, workdir: Path, cache: Path) -> None:
        self._contract, self._workdir, self._cache = load(contract), workdir, cache
        made = stores()
        services = self._contract.services
        self._stores = {name: made.get(one.component, Store()) for name, one in services.items()}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._runtime = self._empty()

    def emit(self, event: Event) -> None:
        """Write an event of the runtime's to the player's own log."""
        with self._lock, (self._workdir / "player.jsonl").open("a") as log:
            log.write(json.dumps({"event": event.type, **event.data()}) + "\n")

    def endpoint(self, service: str, port: str) -> Endpoint:
        """Where the relay finds a service."""
        return self._runtime.endpoint(service, port)

    def obey(self, order: Order, streams: Streams) -> Reply:
        """Do what ``order`` says; what goes wrong is told as a command would."""
        verb = self._VERBS.get(order.verb)
        if verb is None:
            return Reply(2, err=f"no order {order.verb!r}: {', '.join(self._VERBS)}\n")
        try:
            return verb(self, order, streams)
        except (RestoreproofError, LookupError, OSError) as error:
            return Reply(2, err=f"{error}\n")

    def teardown(self) -> None:
        """Stop every service."""
        self._runtime.teardown()

    # ---- orders

    def _fresh(self, order: Order, streams: Streams) -> Reply:
        self._runtime.teardown()
        self._runtime = self._empty()
        return Reply(0)

    def _start(self, order: Order, streams: Streams) -> Reply:
        """A service that runs is started anew: an order brings its configuration."""
        [service] = order.arguments
        files = {path: base64.b64decode(content) for path, content in order.files.items()}
        self._runtime.stop(service)
        self._run(service, Start(order.environment, files, order.appended))
        return Reply(0)

    def _stop(self, order: Order, streams: Streams) -> Reply:
        self._runtime.stop(*order.arguments)
        return Reply(0)

    def _exec(self, order: Order, streams: Streams) -> Reply:
        service, tool, *arguments = order.arguments
        with NamedTemporaryFile() as given, NamedTemporaryFile() as said:
            shutil.copyfileobj(streams.stdin, given)
            given.flush()
            done = self._runtime.run_tool(
                service,
                tool,
                arguments,
                environment=order.environment,
                read=[Path(one) for one in order.read],
                write=[Path(one) for one in order.write],
                stdin=Path(given.name),
                stdout=Path(said.name),
            )
            shutil.copyfileobj(said, streams.stdout)
        return Reply(done.returncode, err=done.stderr)

    def _logs(self, order: Order, streams: Streams) -> Reply:
        [service] = order.arguments
        return Reply(0, out=self._runtime.log_tail(service, lines=1000) + "\n")

    def _since(self, order: Order, streams: Streams) -> Reply:
        [service] = order.arguments
        started = self._runtime.started_at(service)
        return Reply(0, out=f"{started.isoformat()}\n") if started else Reply(1, err=f"{service} is down\n")

    def _probe(self, order: Order, streams: Streams) -> Reply:
        host, _, port = order.arguments[0].rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=_PROBE_S).close()
        except OSError as error:
            return Reply(1, err=f"{error}\n")
        return Reply(0)

    def _mark(self, order: Order, streams: Streams) -> Reply:
        service, nonce, *seconds = order.arguments
        age = timedelta(seconds=float(seconds[0]) if seconds else 0)
        self._stores[service].mark(self._runtime, service, nonce, age)
        return Reply(0)

    def _snapshot(self, order: Order, streams: Streams) -> Reply:
        service, directory = order.arguments
        snapshots.take(self._runtime, service, Path(directory))
        return Reply(0)

    def _restore(self, order: Order, streams: Streams) -> Reply:
        """Make the instance that holds an asset from a snapshot, and leave the drill's marker in it."""
        asset, reference = order.arguments
        service = str(self._contract.assets[asset].model_dump()["service"])
        if not (Path(reference) / snapshots.GLOBALS).is_file():
            return Reply(os.EX_NOINPUT, err=f"there is no snapshot {reference}\n")
        if self._runtime.running(service):
            return Reply(2, err=f"an instance of {service} exists already\n")
        self._run(service, Start())
        snapshots.bring(self._runtime, service, Path(reference), self._workdir)
        self._stores[service].mark(self._runtime, service, order.marker, timedelta())
        return Reply(0)

    def _env(self, order: Order, streams: Streams) -> Reply:
        """What a contract's ``external:`` block has to be told of this target, as NAME=value lines."""
        found = {"TARGET": str(self._workdir / "target")}
        for door in json.loads((self._workdir / DOORS).read_text()):
            port = "" if door["name"] == "main" else f"{door['name'].upper()}_"
            found[f"{door['service'].upper()}_{port}PORT"] = str(door["port"])
        for name, store in self._stores.items():
            found |= {f"{name.upper()}_{variable}": value for variable, value in store.owner().items()}
        return Reply(0, out="".join(f"{name}={value}\n" for name, value in sorted(found.items())))

    # ---- parts

    def _empty(self) -> ProcessRuntime:
        return ProcessRuntime(
            services=self._contract.services,
            workdir=self._workdir / "stacks" / str(next(self._numbers)),
            contract_dir=self._contract.directory,
            code=self._contract.release_directory("expected").resolve(),
            emitter=self,
            redactor=Redactor(),
            cache=self._cache,
        )

    def _run(self, service: str, start: Start) -> None:
        self._runtime.start(service, self._stores[service].opened(start))
        self._stores[service].settle(self._runtime, service)

    _VERBS: ClassVar[Mapping[str, Callable[[Target, Order, Streams], Reply]]] = {
        "fresh": _fresh,
        "start": _start,
        "stop": _stop,
        "exec": _exec,
        "logs": _logs,
        "since": _since,
        "probe": _probe,
        "mark": _mark,
        "snapshot": _snapshot,
        "restore": _restore,
        "env": _env,
    }


class Orders(socketserver.ThreadingUnixStreamServer):
    """Takes orders, several at once; ``down`` ends it."""

    daemon_threads = True

    def __init__(self, target: Target) -> None:
        super().__init__(ORDERS, _Handler)
        self.target = target


class _Handler(socketserver.StreamRequestHandler):
    server: Orders

    def handle(self) -> None:
        _, [stdin, stdout], _, _ = socket.recv_fds(self.request, 1, 2)
        with os.fdopen(stdin, "rb") as reader, os.fdopen(stdout, "wb") as writer:
            order = Order(**json.loads(self.rfile.readline()))
            down = order.verb == "down"
            reply = Reply(0) if down else self.server.target.obey(order, Streams(reader, writer))
        self.wfile.write(json.dumps(asdict(reply)).encode() + b"\n")
        if down:
            self.server.shutdown()


def main(config: Path) -> None:
    """Serve until somebody says ``down``; says ``up`` when orders are taken."""
    told = json.loads(config.read_text())
    target = Target(Path(told["contract"]), config.parent, Path(told["cache"]))
    threading.Thread(target=lambda: asyncio.run(serve_doors(target.endpoint)), daemon=True).start()
    with Orders(target) as orders:
        print("up", flush=True)
        orders.serve_forever()
    target.teardown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

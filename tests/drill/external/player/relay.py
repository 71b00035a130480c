"""The way from a port of 127.0.0.1 outside to a service inside: a Unix socket in a directory both see.

Each connection to the socket begins with a line that names the service and its port; then bytes pass. Where
nothing listens inside, a connection is accepted and closed at once, as a load balancer does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from restoreproof.runtimes.base import Endpoint

RELAY = "relay.sock"
Door = tuple[str, str]
"""A service, and the name of one of its ports."""


async def open_doors(doors: Iterable[Door]) -> dict[Door, int]:
    """Listen on a port of 127.0.0.1 for each door; returns the ports. Outside."""
    return {door: await _open(door) for door in doors}


async def _open(door: Door) -> int:
    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inward, outward = await asyncio.open_unix_connection(RELAY)
        except OSError:
            writer.close()
            return
        outward.write(f"{' '.join(door)}\n".encode())
        await _both(reader, writer, inward, outward)

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def serve_doors(endpoint: Callable[[str, str], Endpoint]) -> None:
    """Pass on what comes to the socket, to wherever ``endpoint`` says a service is. Inside; never returns."""

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        service, port = (await reader.readline()).decode().split()
        found = endpoint(service, port)
        try:
            inward, outward = await asyncio.open_connection(found.address, found.port)
        except OSError:
            writer.close()
            return
        await _both(reader, writer, inward, outward)

    server = await asyncio.start_unix_server(enter, RELAY)
    await server.serve_forever()


async def _both(
    near: asyncio.StreamReader,
    to_near: asyncio.StreamWriter,
    far: asyncio.StreamReader,
    to_far: asyncio.StreamWriter,
) -> None:
    await asyncio.gather(_pass_on(near, to_far), _pass_on(far, to_near))
    for writer in (to_near, to_far):
        writer.close()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.write_eof()
    except OSError:
        # One side is gone: the other is told by the end of its connection.
        target.transport.abort()

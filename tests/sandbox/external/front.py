"""What a provider has before its services: TLS that ends there, signed by an authority of its own."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from restoreproof.runtimes.base import Endpoint

POSTGRES_ASKS = struct.pack("!ii", 8, 80877103)
"""A client of PostgreSQL asks for TLS by this, before the handshake."""


class Authority:
    """One that signs certificates; its own is in ``file``."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._key = directory, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = directory / f"{name}.pem"
        own = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(True, 0), critical=True
        )
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def serving(self, host: str) -> SSLContext:
        """What a server needs that goes by ``host``."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.DNSName(host)])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        signed = self._builder(subject, key).add_extension(named, critical=False)
        both = self._directory / f"{host}.pem"
        both.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + signed.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        )
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
        )


@dataclass
class Front:
    """Ends TLS before ``upstream``, and notes what it was told: nothing, by who does not believe it."""

    upstream: Endpoint
    context: SSLContext
    asked_for: bytes = b""
    port: int = 0
    told: bytearray = field(default_factory=bytearray)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        try:
            if self.asked_for:
                assert await reader.readexactly(len(self.asked_for)) == self.asked_for
                writer.write(b"S")
            await writer.start_tls(self.context)
            answers, behind = await asyncio.open_connection(self.upstream.address, self.upstream.port)
            opened.append(behind)
            there = self._pass_on(reader, behind, self.told)
            await asyncio.gather(there, self._pass_on(answers, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever came does not believe us, and hung up: what it told is what counts
        finally:
            for one in opened:
                one.close()
            await asyncio.gather(*(one.wait_closed() for one in opened), return_exceptions=True)

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, noted: bytearray | None = None
    ) -> None:
        while content := await source.read(65536):
            if noted is not None:
                noted.extend(content)
            sink.write(content)
            await sink.drain()
        sink.close()


@contextmanager
def listening(*fronts: Front) -> Iterator[None]:
    """Serve them on ports of 127.0.0.1 until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> list[asyncio.Server]:
        servers = [await asyncio.start_server(front.serve, "127.0.0.1", 0) for front in fronts]
        for front, server in zip(fronts, servers, strict=True):
            front.port = server.sockets[0].getsockname()[1]
        return servers

    async def end(servers: list[asyncio.Server]) -> None:
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    servers = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(end(servers), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

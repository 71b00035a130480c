"""The built Keycloak as a Java command line: the same for its training and for every start after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Seconds to ready count, throughput does not: the quick compiler only, and the simplest collector.
_VM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms128m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=320m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
    "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)


@dataclass(frozen=True, slots=True)
class KeycloakHome:
    """One built Keycloak in the cache: the distribution, the Java that runs it, and its class archive.

    ``own`` is a home of links to the distribution with a data directory of its own.
    """

    root: Path
    own: Path | None = None

    @property
    def distribution(self) -> Path:
        """Directory that the zip unpacks to, after ``build``."""
        return self.root / "keycloak"

    @property
    def data(self) -> Path:
        """Directory that Keycloak writes to; a service's own is laid over it."""
        return self.distribution / "data"

    @property
    def java(self) -> Path:
        """Java runtime: a copy, because the archive belongs to exactly this one."""
        return self.root / "java"

    @property
    def archive(self) -> Path:
        """Archive of the classes of a started server, parsed and verified (class data sharing)."""
        return self.root / "keycloak.jsa"

    @property
    def marker(self) -> Path:
        """File that is present once the distribution is unpacked and built."""
        return self.root / "built.json"

    @property
    def untrained(self) -> Path:
        """File that says why there is no archive, if making one failed."""
        return self.root / "untrained.txt"

    def beside(self, data: Path) -> KeycloakHome:
        """Return a home that writes to ``data`` and links to the rest of the distribution."""
        own = data / "home"
        own.mkdir(exist_ok=True)
        for path in self.distribution.iterdir():
            link = own / path.name
            if not link.is_symlink():
                link.symlink_to(data if path.name == self.data.name else path)
        return KeycloakHome(self.root, own)

    def argv(self, arguments: Sequence[str], *, vm: Sequence[str] = ()) -> list[str]:
        """Return the command line: ``arguments`` are Keycloak's (``start``, …), ``vm`` the Java machine's."""
        shared = [f"-XX:SharedArchiveFile={self.archive}", "-Xshare:auto"] if self.archive.exists() else []
        return [
            str(self.java / "bin" / "java"),
            *_VM,
            *shared,
            *vm,
            f"-Dkc.home.dir={self.own or self.distribution}",
            f"-Djboss.server.config.dir={self.distribution / 'conf'}",
            "-cp",
            str(self.distribution / "lib" / "quarkus-run.jar"),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            *arguments,
        ]

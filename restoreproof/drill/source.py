"""The inner side of ``up``: a living source of the stack, in the same sandbox as a drill's, to back up.

It runs inside the drill sandbox as ``python -m restoreproof.drill.source CONFIG``, makes the stack as an
operator would (provision, migrate, seed, serve), and then takes a backup for each line on its standard input.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from restoreproof.assets.base import Ground
from restoreproof.assets.dataset import connect
from restoreproof.assets.vault import Vault, parse_environment
from restoreproof.contract import Contract, load
from restoreproof.contract.models import Source
from restoreproof.drill.taking import BackupOrder, take_backup
from restoreproof.errors import ContractError, EnvironmentUnfitError, RestoreproofError
from restoreproof.redact import Redactor, Secret
from restoreproof.runtimes.base import Completed, Start
from restoreproof.runtimes.process.runtime import ProcessRuntime


class SourceConfig(BaseModel):
    """What the outer process tells the source: paths bound into its sandbox, and how much to seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract: Path
    workdir: Path
    cache: Path
    seed_arguments: tuple[str, ...] = ()


class Progress:
    """An emitter for a source: one JSON line for each event, for the outer process to show."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def emit(self, type: str, /, **data: Any) -> None:
        print(json.dumps({"event": type, **self._redactor.value(data)}, default=str), flush=True)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What provisioning left behind: the environment, and files for the services and the operator."""

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """The generated environment file."""
        path = self.directory / "environment.env"
        return parse_environment(path.read_text(), str(path))

    def arguments(self) -> list[str]:
        """Where the provisioning command is to put everything."""
        places = {
            "--out": "environment.env",
            "--realm-out": "realm.json",
            "--signer-home": "signer",
            "--custody-out": "custody",
            "--sql-out": "roles.sql",
            "--s3-out": "s3.json",
        }
        return [part for flag, name in places.items() for part in (flag, str(self.directory / name))]

    def signer_files(self) -> dict[str, bytes]:
        """The signer's home, as files of its service."""
        home = self.directory / "signer"
        return {f"signer/{path.name}": path.read_bytes() for path in home.iterdir() if path.is_file()}


class SourceStack:
    """Brings the stack up in the order in which an installation is made."""

    def __init__(self, config: SourceConfig, contract: Contract, source: Source, emitter: Progress,
                 redactor: Redactor) -> None:  # fmt: skip
        self.config, self.contract, self.source = config, contract, source
        self.emitter, self.redactor = emitter, redactor
        assert contract.releases is not None
        self.runtime = ProcessRuntime(
            services=contract.services,
            workdir=config.workdir,
            contract_dir=contract.directory,
            code=(contract.directory / contract.releases.named(source.release).path).resolve(),
            emitter=emitter,
            redactor=redactor,
            cache=config.cache,
        )
        self.provisioned = Provisioned(config.workdir / "provisioned")
        self.provisioned.directory.mkdir()

    def bring_up(self) -> Ground:
        """Provision, migrate, seed and serve; returns the ground a backup is taken from."""
        self._module(self.source.provision, *self.provisioned.arguments(), write=[self.provisioned.directory])
        vault = Vault(self.provisioned.environment, secrets.token_bytes(32))
        self.redactor.learn(vault.secrets())
        environment = vault.environment()
        with ThreadPoolExecutor(max_workers=8) as pool:
            stores = [pool.submit(self._start, name, environment) for name in self._stores()]
            _all(stores)
            self._roles()
            identity = [pool.submit(self._start, name, environment) for name in self._of("keycloak")]
            self._module(self.source.buckets, environment={**environment, **self._s3_administrator()})
            self._done(self._once(self.source.service, ["upgrade"], environment), "migrations")
            _all([pool.submit(self._start, name, environment) for name in self._side_services()])
            self._module(self.source.seed, *self.config.seed_arguments, environment=environment)
            _all(identity)
            _all([pool.submit(self._start, name, environment) for name in self._front()])
        started = time.monotonic()
        return Ground(
            self.contract, self.runtime, vault, self.emitter, self.config.workdir, lambda: "source", started
        )

    def _of(self, *components: str) -> list[str]:
        return [name for name, one in self.contract.services.items() if one.component in components]

    def _stores(self) -> list[str]:
        return self._of("postgres", "seaweedfs", "smtp-sink", "http-sink")

    def _side_services(self) -> list[str]:
        """Python services that start before the API does, such as a signer."""
        front = self._front_stage()
        return [name for name in self._of("python") if self._is_up(name) and self._place(name) < front]

    def _front(self) -> list[str]:
        front = self._front_stage()
        both = [*self._of("python"), *self._of("nginx")]
        return [name for name in both if self._is_up(name) and self._place(name) == front]

    def _front_stage(self) -> int:
        assert self.contract.public is not None
        return self._place(self.contract.public.service)

    def _place(self, service: str) -> int:
        return self.contract.order.index(self.contract.services[service].starts)

    def _is_up(self, service: str) -> bool:
        return not self.contract.services[service].options().get("one_shot", False)

    def _start(self, name: str, environment: dict[str, Secret]) -> None:
        self.runtime.start(
            name, Start(environment=self._environment(name, environment), files=self._files(name))
        )

    def _environment(self, name: str, environment: dict[str, Secret]) -> dict[str, str | Secret]:
        own = dict(environment) if self.contract.services[name].environment else {}
        return {**own, "SIGNER_HOME": "signer"}

    def _files(self, name: str) -> dict[str, bytes]:
        directory = self.provisioned.directory
        match self.contract.services[name].component:
            case "seaweedfs":
                return {"s3.json": (directory / "s3.json").read_bytes()}
            case "keycloak":
                return {"import/realm.json": (directory / "realm.json").read_bytes()}
            case "nginx":
                return self._proxy_files()
            case _:
                return self.provisioned.signer_files() if self._place(name) < self._front_stage() else {}

    def _proxy_files(self) -> dict[str, bytes]:
        vault = Vault(self.provisioned.environment, b"")
        block = next(one.options() for one in self.contract.assets.values() if one.kind == "proxy")
        config = (self.contract.directory / block["source"]).read_bytes()
        return {
            block["config"]: config,
            "tls.crt": vault.pem(block["certificate"]),
            "tls.key": vault.pem(block["key"]),
        }

    def _roles(self) -> None:
        with connect(self.runtime, self._of("postgres")[0], "postgres", readonly=False) as connection:
            connection.commit()
            connection.autocommit = True
            for statement in (self.provisioned.directory / "roles.sql").read_text().splitlines():
                if statement.strip():
                    connection.execute(statement.encode())

    def _s3_administrator(self) -> dict[str, str | Secret]:
        admin = self.runtime.administrator(self._of("seaweedfs")[0])
        return {"S3_ADMIN_ACCESS_KEY": admin.user, "S3_ADMIN_SECRET_KEY": admin.password}

    def _once(self, service: str, arguments: list[str], environment: dict[str, Secret]) -> Completed:
        _, module, *rest = self.contract.services[service].options()["run"]
        return self.runtime.run_tool(service, module, [*rest, *arguments], environment=environment)

    def _module(self, command: tuple[str, ...], *arguments: str, **bound: Any) -> None:
        module, *rest = command
        done = self.runtime.run_tool(self.source.service, module, [*rest, *arguments], **bound)
        self._done(done, " ".join(command))

    @staticmethod
    def _done(done: Completed, what: str) -> None:
        if done.returncode != 0:
            said = done.stderr.strip()[-800:] or done.stdout.decode(errors="replace")[-800:]
            raise EnvironmentUnfitError(f"{what} of the source ended with {done.returncode}: {said}")


def _all(futures: list[Future[None]]) -> None:
    for future in futures:
        future.result()


@contextmanager
def _closing(runtime: ProcessRuntime) -> Iterator[None]:
    try:
        yield
    finally:
        runtime.teardown()


def main(argv: list[str]) -> int:
    """Bring the source up, answer each order on standard input with a backup, and end at its end."""
    redactor = Redactor()
    emitter = Progress(redactor)
    try:
        config = SourceConfig.model_validate_json(Path(argv[0]).read_text())
        contract = load(config.contract)
        if contract.source is None:
            raise ContractError("the contract has no source:, so there is nothing to bring up")
        stack = SourceStack(config, contract, contract.source, emitter, redactor)
        with _closing(stack.runtime):
            ground = stack.bring_up()
            emitter.emit("up")
            _serve(ground, stack.provisioned.directory, emitter.emit)
    except RestoreproofError as error:
        emitter.emit("failed", error=str(error), exit_code=int(error.exit_code))
        return int(error.exit_code)
    return 0


def _serve(ground: Ground, provisioned: Path, emit: Callable[..., None]) -> None:
    for line in sys.stdin:
        order = BackupOrder.model_validate_json(line)
        set_id = take_backup(ground, provisioned, order)
        emit("backed-up", set_id=set_id)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

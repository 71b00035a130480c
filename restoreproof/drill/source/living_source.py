"""The inner side of ``up``: a living source of the stack, in the same sandbox as a drill's, to back up.

It runs inside the drill sandbox as ``python -m restoreproof.drill.source.living_source CONFIG``, makes the
stack as an operator would (provision, migrate, seed, serve), and then takes a backup for each line on its
standard input.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from restoreproof.assets.base import InstallContext, RestoreFailed, StackContext
from restoreproof.assets.vault import Vault, parse_environment
from restoreproof.contract import Contract, load
from restoreproof.contract.releases import SourceBlock
from restoreproof.drill.inner.stages import merge
from restoreproof.drill.source.take_backup import BackupOrder, take_backup
from restoreproof.errors import ContractError, EnvironmentUnfitError, ExitCode, RestoreproofError
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.runtime import ProcessRuntime


class SourceConfig(BaseModel):
    """What the outer process tells the source: paths bound into its sandbox, and what to seed it with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract: Path
    workdir: Path
    cache: Path
    size: str = "default"
    seed: int = 7


class Progress:
    """An emitter for a source: one JSON line for each event, for the outer process to show."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        self.say(event.type, **event.data())

    def say(self, word: str, /, **data: Any) -> None:
        """Send ``word``, which says how far the source has come, with ``data`` as JSON values."""
        line = json.dumps({"event": word, **self._redactor.value(data)}, default=str)
        with self._lock:  # services come up side by side: their lines must not run into each other
            print(line, flush=True)


class SourceStack:
    """Brings the stack up in the order in which an installation is made: provision, migrate, seed, serve."""

    def __init__(
        self,
        config: SourceConfig,
        contract: Contract,
        source: SourceBlock,
        emitter: Progress,
        redactor: Redactor,
    ) -> None:
        self.contract, self.source, self.emitter = contract, source, emitter
        self._places = {"size": config.size, "seed": str(config.seed)}
        self._redactor = redactor
        self.runtime = ProcessRuntime(
            services=contract.services,
            workdir=config.workdir,
            contract_dir=contract.directory,
            code=contract.code_directory(source.release),
            emitter=emitter,
            redactor=redactor,
            cache=config.cache,
        )
        self.workdir = config.workdir
        self.provisioned = config.workdir / "provisioned"
        self.provisioned.mkdir()
        self._places["directory"] = str(self.provisioned)

    def bring_up(self) -> StackContext:
        """Returns the ground that a backup is taken from, when the front door serves."""
        stack_context = self._ground()
        install_context = InstallContext(stack_context, self.provisioned)
        assets = stack_context.assets()
        stores = {service for asset in assets for service in asset.stores()}
        behind, front = self._behind_and_front(stores)
        with ThreadPoolExecutor(max_workers=len(self.contract.services)) as pool:
            _all([pool.submit(self._start, name, install_context) for name in stores])
            for asset in assets:
                if asset.stores():
                    asset.install(install_context)
            starting = {name: pool.submit(self._start, name, install_context) for name in behind}
            for asset in assets:
                if not asset.stores():
                    asset.install(install_context)
            _all([starting[name] for name in self.source.needs if name in starting])
            if self.source.seed:
                self._module(self.source.seed, environment=stack_context.vault.environment())
            _all(list(starting.values()))
            _all([pool.submit(self._start, name, install_context) for name in front])
        return stack_context

    def _ground(self) -> StackContext:
        if self.source.provision:
            self._module(self.source.provision, write=[self.provisioned])
        path = self.provisioned / "environment.env"
        text = path.read_text() if path.exists() else ""
        vault = Vault(parse_environment(text, str(path)), secrets.token_bytes(32))
        self._redactor.learn(vault.secrets())
        return StackContext(self.contract, self.runtime, vault, self.emitter, self.workdir, lambda: "source")

    def _behind_and_front(self, stores: set[str]) -> tuple[list[str], list[str]]:
        """The services behind the front door, and those that start with it; what starts later stays off.

        Where the contract has no front door, all services are behind it.
        """
        places = {name: self.contract.order.index(one.starts) for name, one in self.contract.services.items()}
        public = self.contract.public
        door = places[public.service] if public else len(self.contract.order)
        run = [
            name
            for name, service in self.contract.services.items()
            if name not in stores and not service.options().get("one_shot", False)
        ]
        return [name for name in run if places[name] < door], [name for name in run if places[name] == door]

    def _start(self, name: str, install_context: InstallContext) -> None:
        own = (
            install_context.stack_context.vault.environment()
            if self.contract.services[name].environment
            else {}
        )
        parts = [asset.provision(name, install_context) for asset in install_context.stack_context.assets()]
        self.runtime.start(name, reduce(merge, parts, Start(environment=own)))

    def _module(self, command: Sequence[str], **bound: Any) -> None:
        module, *arguments = (filled(part, self._places) for part in command)
        done = self.runtime.run_tool(self.source.service, module, arguments, **bound)
        if done.returncode != 0:
            said = done.stderr.strip()[-800:] or done.stdout.decode(errors="replace")[-800:]
            raise EnvironmentUnfitError(f"{module} of the source ended with {done.returncode}: {said}")


def filled(part: str, values: Mapping[str, str]) -> str:
    """Return ``part`` with each ``{name}`` of ``values`` in it replaced; other braces stay as they are."""
    for name, value in values.items():
        part = part.replace(f"{{{name}}}", value)
    return part


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
            stack_context = stack.bring_up()
            emitter.say("up")
            _serve(stack_context, stack.provisioned, emitter.say)
    except (RestoreproofError, RestoreFailed) as error:
        code = getattr(error, "exit_code", ExitCode.NOT_VERIFIED)
        emitter.say("failed", error=str(error), exit_code=int(code))
        return int(code)
    return 0


def _serve(stack_context: StackContext, provisioned: Path, say: Callable[..., None]) -> None:
    for line in sys.stdin:
        order = BackupOrder.model_validate_json(line)
        set_id = take_backup(stack_context, provisioned, order)
        say("backed-up", set_id=set_id)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

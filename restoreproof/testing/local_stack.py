"""Services of a contract as plain processes on loopback addresses, for tests of assets and components.

Nothing isolates them: what a drill proves about a sandbox is not asked here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from restoreproof.assets.base import StackContext
from restoreproof.assets.vault import Vault
from restoreproof.contract import Contract
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.process.runtime import ProcessRuntime
from restoreproof.testing.fake_stack import FakeStack


@contextmanager
def local_stack(
    contract: Contract, workdir: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[StackContext, FakeStack]]:
    """Make the runtime of ``contract`` below ``workdir``, none of its services started yet.

    ``environment`` stands in for the restored one.

    Yields:
        The context that assets and checks take, and what collects the events. All is stopped on leaving.
    """
    redactor, events = Redactor(), FakeStack()
    runtime = ProcessRuntime(
        services=contract.services,
        workdir=workdir,
        contract_dir=contract.directory,
        code=contract.code_directory(),
        emitter=events,
        redactor=redactor,
        cache=workdir / "cache",
        bare=True,
    )
    try:
        vault = Vault(environment, secrets.token_bytes(32))
        yield StackContext(contract, runtime, vault, events, workdir, lambda: "test"), events
    finally:
        runtime.teardown()

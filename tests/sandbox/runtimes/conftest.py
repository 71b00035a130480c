"""What the tests in the drill sandbox share: a runtime whose events can be looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from restoreproof.contract.services import Service
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.process.runtime import ProcessRuntime

VENV = Path(__file__).resolve().parents[3] / ".venv-platform"


class Events:
    """An emitter that keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []

    def emit(self, event: Event) -> None:
        self.all.append((event.type, event.data()))

    def of(self, type: str) -> list[dict[str, Any]]:
        return [data for kind, data in self.all if kind == type]


Build = Callable[..., ProcessRuntime]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def build(tmp_path: Path, events: Events) -> Iterator[Build]:
    """Makes a runtime of the given services; all of them are torn down afterwards."""
    made: list[ProcessRuntime] = []

    def make(workdir: Path = tmp_path, **services: dict[str, Any]) -> ProcessRuntime:
        runtime = ProcessRuntime(
            services={name: Service(**{"starts": "x", **block}) for name, block in services.items()},
            workdir=workdir,
            contract_dir=tmp_path,
            code=Path(__file__).parent / "code",
            emitter=events,
            redactor=Redactor(),
            cache=Path(os.environ["INSIDE_CACHE"]),
        )
        made.append(runtime)
        return runtime

    yield make
    for runtime in made:
        runtime.teardown()


def python_service(*run: str, **options: Any) -> dict[str, Any]:
    """A Python service of the contract that runs ``run`` and is ready when its log says so."""
    return {"component": "python", "port": 8000, "venv": str(VENV), "run": list(run), **options}


@pytest.fixture
def python() -> Callable[..., dict[str, Any]]:
    return python_service

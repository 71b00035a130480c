"""A drill that needs no stack: stages that succeed or fail as the test says, and observations on demand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from restoreproof.drill.handoff import InnerConfig
from restoreproof.gherkin.compiler import compile_plan
from restoreproof.gherkin.support_code import support_modules
from restoreproof.journal.read import parse_line
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce

STAGES = ("database", "objects", "smoke")

CONFTEST = """
from contextlib import contextmanager
from dataclasses import asdict
import pytest
from pytest_bdd import given, when, then, parsers
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Observed, ServiceLogged, StageDone, StageEntered, StageFailed
from restoreproof.outcome import Observation, Outcome, require_passed

class FakeDrill:
    def __init__(self, stages, emitter):
        self.stages, self.emitter, self.current_check, self.done = stages, emitter, None, []
    def advance_to(self, stage):
        for name in self.stages[: self.stages.index(stage) + 1]:
            if name in self.done:
                continue
            self.emitter.emit(StageEntered(stage=name))
            if name == "{broken}":
                self.emitter.emit(StageFailed(stage=name, error="no server", hint="start one"))
                raise EnvironmentUnfitError("no server")
            self.emitter.emit(StageDone(stage=name, seconds=0.1))
            self.done.append(name)
    def finish(self):
        self.advance_to(self.stages[-1])
    def tell_logs(self):
        check = self.current_check
        self.emitter.emit(ServiceLogged(service="db", stage="database", text="said", check=check))
    def observe(self, seen):
        if isinstance(seen, str):
            seen = Observation(Outcome(seen), "one", "one", examined=1, of=1)
        self.emitter.emit(Observed(check=self.current_check, **asdict(seen)))
        require_passed(seen)

class Fakes:
    @pytest.hookimpl(tryfirst=True)
    def pytest_restoreproof_open_drill(self, config_path, emitter, redactor):
        @contextmanager
        def opened():
            yield FakeDrill({stages!r}, emitter)
        return opened()

def pytest_configure(config):
    config.pluginmanager.register(Fakes())

@given("a restored stack")
def _(): pass
@when(parsers.parse("{{n:d}} rows are read"))
def _(n): pass
@when("the table is read")
def _(datatable): assert datatable[0] == ["name", "n"]
@when("the harness breaks")
def _(): raise RuntimeError("boom")
@when("the step is skipped")
def _(): pytest.skip("no tool")
@then(parsers.parse("the observation is {{outcome}}"))
def _(drill, outcome): drill.observe(outcome)
@then("nothing is observed")
def _(): pass
"""


@dataclass
class InnerRun:
    """What an inner process did: its exit code, its output, and the events that came through the pipe."""

    returncode: int
    output: str
    events: list[dict[str, Any]] = field(default_factory=list)
    plan: Plan | None = None

    def record(self) -> Record:
        """What the reduction makes of the events; those of the outer process are missing."""
        assert self.plan is not None
        return reduce(self.plan, [parse_line(json.dumps(event).encode()) for event in self.events])

    def check(self, name: str) -> tuple[str, str]:
        """The outcome of one check, and the reason."""
        (found,) = [check for check in self.record().checks if check.id == name]
        return str(found.outcome), found.reason

    def of(self, type: str) -> list[dict[str, Any]]:
        """The data of the events of one type, in order."""
        return [event["data"] for event in self.events if event["type"] == type]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project with a features directory."""
    (tmp_path / "features").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --import-mode=importlib\n")
    return tmp_path


@pytest.fixture
def feature(project: Path) -> Callable[[str, str], Path]:
    """Write a feature file."""

    def write(name: str, text: str) -> Path:
        path = project / "features" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_inner(project: Path) -> Callable[..., InnerRun]:
    """Run the inner pytest over the project's features, with the pipe read to its end."""

    def run(*args: str, broken: str = "", extra: str = "", selection: str | None = None) -> InnerRun:
        (project / "conftest.py").write_text(CONFTEST.format(broken=broken, stages=STAGES) + extra)
        plan = plan_of(project / "features", selection=selection)
        config = project / "inner.json"
        orders_of(project, plan).write(config)
        reading, writing = os.pipe()
        events = project / "events.jsonl"
        environment = {**os.environ, "RESTOREPROOF_INNER": str(config), "RESTOREPROOF_PIPE": str(writing)}
        environment["PYTHONPATH"] = f"{Path(__file__).parents[1]}{os.pathsep}{project}"
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "restoreproof.plugin", *args, "features"],
            cwd=project,
            env=environment,
            pass_fds=(writing,),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            events.write_bytes(pipe.read())
        output, _ = process.communicate(timeout=60)
        read = [json.loads(line) for line in events.read_bytes().splitlines()]
        return InnerRun(process.returncode, output, read, plan)

    return run


def orders_of(project: Path, plan: Plan) -> InnerConfig:
    """What the outer process would tell the inner one; the fake drill needs no contract and no set."""
    return InnerConfig(
        drill_id="d1",
        runtime="process",
        plan=plan,
        features=project / "features",
        support_modules=support_modules(project),
        contract=project / "stack.yaml",
        contract_copy=project / "stack.yaml",
        project=project,
        backup=project / "set",
        catalogue=None,
        identity=project / "key",
        workdir=project,
        cache=project,
        opened_mono=0.0,
        order=plan.stages,
        probes={},
        secrecy="",
    )


def plan_of(
    features: Path,
    *,
    selection: str | None = None,
    stages: Sequence[str] = STAGES,
    paths: Sequence[Path] = (),
) -> Plan:
    """The plan of a directory of features, with targets that do not matter."""
    return compile_plan(
        features,
        stack="wipe",
        contract_sha256="0" * 64,
        stages=stages,
        rpo_s=900,
        rto_s=14400,
        selection=selection,
        paths=paths,
    )

"""Times what turns a journal into sealed evidence: the record, each view, the search for secrets, the seal.

The drill is made up: as many scenarios as asked for, of which a few failed, so that every view has its long
form. Nothing is restored. ``python -m bench.evidence 1000`` runs this part alone.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from restoreproof.events import (
    ControlProbed,
    DrillClosed,
    DrillOpened,
    InnerExited,
    IsolationVerdict,
    SetVerified,
    TeardownDone,
)
from restoreproof.journal.read import read_journal
from restoreproof.journal.write import JournalWriter
from restoreproof.leak_scan.scan import find_leaks
from restoreproof.outcome import MAX_FINDINGS
from restoreproof.plan import Plan, PlannedCheck, PlannedStep
from restoreproof.record.reduce import reduce
from restoreproof.redaction.redactor import Fingerprints, Redactor, Secret
from restoreproof.scan.rules import rules
from restoreproof.sealing.keys import make_signing_key, signing_key
from restoreproof.sealing.seal import seal
from restoreproof.views import every_view
from restoreproof.views.allure.results import write_results
from restoreproof.views.bundle import JOURNAL, Bundle

TARGET_S = 20.0
"""For rendering and sealing ``SCENARIOS``; the search for secrets between them has a line of its own."""
SEARCH = "search for secrets"
SCENARIOS = 1000
SMOKE_SCENARIOS = 100

_STAGES = ("database", "objects", "identity", "api", "smoke")
_STEPS = (
    ("When", "the rows are read", "Action"),
    ("Then", "all are there", "Outcome"),
    ("And", "all are whole", "Outcome"),
)
_FAILS_EVERY = 50
_SECRETS = 40

Timings = dict[str, float]


def measure(scenarios: int) -> Timings:
    """The seconds of each part, for a drill of so many scenarios; the key of a view is its name."""
    with tempfile.TemporaryDirectory(prefix="restoreproof-bench-") as made:
        directory = Path(made) / "20261122T150000Z-bench"
        directory.mkdir()
        plan = made_up_plan(scenarios)
        write_journal(directory, plan)
        key = Path(made) / "drill.pem"
        make_signing_key(key, valid_for=timedelta(days=1))
        return dict(_parts(directory, plan, key))


def _parts(directory: Path, plan: Plan, key: Path) -> Iterator[tuple[str, float]]:
    """Every part in the order of a drill's closing, each with the seconds it took."""
    record, seconds = _timed(lambda: reduce(plan, read_journal(directory / JOURNAL)))
    yield "record", seconds
    (directory / "record.json").write_text(record.text(), encoding="utf-8")
    bundle = Bundle(directory, plan, record)
    results = _timed(lambda: write_results(directory, record, bundle.events()))[1]
    yield "Allure results", results
    for name, write in every_view():
        seconds = _timed(lambda write=write: write(bundle))[1]
        # The view writes the results again: what it takes beyond them is Allure's own page.
        yield ("Allure page", max(0.0, seconds - results)) if name == "allure" else (name, seconds)
    known = Redactor(Secret(f"S{at}", secrets.token_urlsafe(24)) for at in range(_SECRETS))
    leaks, seconds = _timed(lambda: find_leaks(directory, known, Fingerprints(b""), rules()))
    if leaks:
        raise SystemExit(f"the made-up drill holds what looks like a secret: {leaks[0]}")
    yield SEARCH, seconds
    yield "seal", _timed(lambda: seal(directory, signing_key(f"file:{key}")))[1]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started


def made_up_plan(scenarios: int) -> Plan:
    """A plan of so many checks, ten to a feature, spread over the stages."""
    return Plan(
        stack="bench",
        contract_sha256="a" * 64,
        features_sha256="b" * 64,
        harness="bench",
        stages=_STAGES,
        checks=tuple(
            _check(number, _STAGES[number * len(_STAGES) // scenarios]) for number in range(scenarios)
        ),
        rpo_s=900,
        rto_s=14400,
    )


def _check(number: int, stage: str) -> PlannedCheck:
    feature = number // 10
    return PlannedCheck(
        id=f"consistency/check-{number:04}",
        title=f"The rows of table {number} are all there",
        feature=f"Tables of the family {feature}",
        file=f"consistency/family-{feature:03}.feature",
        line=4 + number % 10 * 6,
        stage=stage,
        mandatory=number % 20 != 0,
        tags=(f"at:{stage}", "control:SOC2-A1.3", "severity:critical"),
        steps=tuple(PlannedStep(word, text, line, kind) for line, (word, text, kind) in enumerate(_STEPS, 5)),
    )


def write_journal(directory: Path, plan: Plan) -> None:
    """The journal of a drill that performed ``plan``, through the journal's own writer."""
    writer = JournalWriter(directory / JOURNAL, Redactor())
    inner = _Inner(writer)
    writer.emit(DrillOpened(drill_id="bench", stack=plan.stack, plan=plan.digest, attempt=1, set_id="s1"))
    writer.emit(SetVerified(set_id="s1", artifacts=17, bytes=3_000_000))
    writer.emit(ControlProbed(probe="tcp", reached=True))
    inner.tell("isolation-probe", probe="tcp", reached=False)
    writer.emit(IsolationVerdict(proven=True, reason="made up"))
    for stage in plan.stages:
        inner.tell("stage-entered", stage=stage)
        inner.tell(
            "command", tool="pg_restore", argv=["pg_restore", "--jobs=2", stage], returncode=0, seconds=1
        )
        inner.tell("phase", stage=stage, name="restore", seconds=1.0, bytes=1_000_000)
        inner.tell("stage-done", stage=stage, seconds=1.0)
        for check in plan.checks:
            if check.stage == stage:
                _perform(inner, check)
    writer.emit(InnerExited(returncode=1, seconds=1))
    writer.emit(TeardownDone(proven=True, leftovers=[]))
    writer.emit(DrillClosed(seconds=1))
    writer.close()


def _perform(inner: _Inner, check: PlannedCheck) -> None:
    failed = int(check.id[-4:]) % _FAILS_EVERY == _FAILS_EVERY - 1
    findings = [f"row {at} of {check.title}: expected one value, found another" for at in range(MAX_FINDINGS)]
    inner.tell("scenario-started", check=check.id)
    nouns, queries = {"dataset": check.title}, {check.title: "select 1"}
    inner.tell("asked", check=check.id, kind="rows", nouns=nouns, queries=queries)
    for step in check.steps:
        if step.kind == "Outcome":
            inner.tell(
                "observation",
                check=check.id,
                outcome="FAILED" if failed else "PASSED",
                expected="every row of the table is there",
                observed="980 of 1000 rows" if failed else "1000 of 1000 rows",
                examined=1000,
                of=1000,
                sample="all",
                findings=findings if failed else [],
                findings_total=MAX_FINDINGS if failed else 0,
            )
        outcome = "failed" if failed and step.kind == "Outcome" else "passed"
        inner.tell(
            "step", check=check.id, keyword=step.keyword, text=step.text, outcome=outcome, seconds=0.01
        )
    status = "failed" if failed else "passed"
    inner.tell("scenario-finished", check=check.id, status=status, reason="", seconds=0.03)


class _Inner:
    """Sends events as the inner process would: numbered, as lines."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._seq = 0

    def tell(self, type: str, **data: Any) -> None:
        """Send one event."""
        self._seq += 1
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        event = {"seq": self._seq, "source": "inner", "type": type, "at": at, "mono": time.monotonic()}
        self._writer.accept(json.dumps(event | {"data": data}).encode())


def show(timings: Timings, scenarios: int, console: Console) -> None:
    """Print the parts and their sums, with the target where there is one for so many scenarios."""
    table = Table(title=f"evidence of {scenarios:,} scenarios", title_justify="left")
    table.add_column("part")
    table.add_column("seconds", justify="right")
    for name, seconds in timings.items():
        table.add_row(name, f"{seconds:.2f} s")
    target = f" (target {TARGET_S:.0f} s)" if scenarios == SCENARIOS else ""
    everything = sum(timings.values())
    table.add_row(f"rendering and sealing{target}", f"{everything - timings[SEARCH]:.2f} s")
    table.add_row("all", f"{everything:.2f} s")
    console.print(table)


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else SCENARIOS
    show(measure(asked), asked, Console(highlight=False))

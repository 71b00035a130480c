"""Green by asking less: a check taken out, made advisory by one word, or its dataset emptied, is named."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from restoreproof.contract import load
from restoreproof.contract.plan_inputs import nouns_of
from restoreproof.drill.outer.previous_plan import compare_with_previous
from restoreproof.ledger import Ledger
from restoreproof.outcome import Verdict
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.view import page
from tests.contract_plan import plan_over
from tests.stories import healthy
from tests.unit.drill.test_previous_plan import drilled

ROOT = Path(__file__).parents[2]
CHECK = "consistency/chains.feature"
TITLE = "The maintenance worker reports no unexpected breaks in the audit log"


@dataclass(frozen=True)
class Stack:
    """The reference stack's contract and features, where they can be edited."""

    directory: Path

    @property
    def contract(self) -> Path:
        return self.directory / "compose" / "wipe" / "stack.yaml"

    def edit(self, path: Path, before: str, after: str) -> None:
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))

    def plan(self) -> Plan:
        """What a drill of it would ask."""
        contract = load(self.contract)
        return plan_over(contract, self.directory / "features", nouns=nouns_of(contract))

    def next_record(self) -> Record:
        """The record of a drill in which every check that is still asked passes."""
        reports, plan = self.directory / "reports", self.plan()
        event = compare_with_previous(Ledger(reports / "ledger.jsonl").entries(), reports, plan)
        story = healthy(plan).tell(event.type, **event.data())
        return reduce(plan, story.events)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """The stack after a drill that asked everything."""
    for name in ("features", "steps", "fixtures", "compose/wipe"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "conftest.py", tmp_path)
    stack = Stack(tmp_path)
    drilled(tmp_path / "reports", "d1", stack.plan())
    return stack


def told(record: Record) -> tuple[str, str]:
    """What headline and page say."""
    return record.headline, page(record)


def test_nothing_is_told_where_nothing_was_lowered(stack: Stack) -> None:
    headline, html = told(stack.next_record())
    assert "sked less of" not in headline
    assert "Nothing that the drill d1 asked is asked less of in this one." in html


def test_a_check_that_was_taken_out_is_named(stack: Stack) -> None:
    (stack.directory / "features" / CHECK).unlink()
    record = stack.next_record()
    for text in told(record):
        assert "no longer asked" in text
    assert TITLE in {change.title for change in record.plan_comparison.changes}
    assert "nothing deviated" not in page(record)


def test_a_check_that_one_word_made_advisory_is_named(stack: Stack) -> None:
    stack.edit(
        stack.directory / "features" / CHECK, f"  Scenario: {TITLE}", f"  @advisory\n  Scenario: {TITLE}"
    )
    record = stack.next_record()
    assert f"Asked less of than in the drill d1: {TITLE}: was mandatory, is advisory now." in record.headline
    assert "was mandatory, is advisory now" in page(record)


def test_a_dataset_that_was_emptied_is_named(stack: Stack) -> None:
    stack.edit(stack.contract, "from proofs order by object_key", "from proofs where false")
    record = stack.next_record()
    assert record.plan_comparison.changes[0].subject == "dataset stored proofs"
    assert "dataset “stored proofs”: defined otherwise in the contract" in record.headline


def test_a_plan_that_was_exchanged_on_disk_is_no_comparison(stack: Stack) -> None:
    (stack.directory / "features" / CHECK).unlink()
    drilled(stack.directory / "elsewhere", "d1", stack.plan())
    shutil.copy(stack.directory / "elsewhere/d1/plan.json", stack.directory / "reports/d1/plan.json")
    record = stack.next_record()
    assert record.verdict is not Verdict.FAILED
    assert "is not the plan that the ledger names" in record.headline

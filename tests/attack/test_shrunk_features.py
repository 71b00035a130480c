"""Green by leaving scenarios out: what an asset's being VERIFIED rests on has to be stated, or is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from restoreproof.assets.registry import required_statements
from restoreproof.contract import load
from restoreproof.outcome import Verdict
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.view import page
from tests.contract_plan import plan_over
from tests.stories import healthy

ROOT = Path(__file__).parents[2]
TABLES = "features/backup/content.feature"
ONE_LEFT = """\
@at:smoke
Feature: The restored platform serves its users

  @id:readiness
  Scenario: The platform declares itself ready
    When "readiness" is asked for
    Then it answers
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """The reference stack's contract and features, where they can be edited."""
    for name in ("features", "steps", "fixtures", "compose/wipe"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def plan_of(stack: Path, selection: str | None = None) -> Plan:
    """What a drill would ask."""
    contract = load(stack / "compose/wipe/stack.yaml")
    return plan_over(
        contract, stack / "features", required=required_statements(contract), selection=selection
    )


def drilled(stack: Path) -> Record:
    """The record of a drill in which everything that is asked passes."""
    plan = plan_of(stack)
    return reduce(plan, healthy(plan).events)


def test_the_reference_stack_states_what_every_asset_rests_on(stack: Path) -> None:
    record = drilled(stack)
    assert (record.incomplete, record.verdict) == ((), Verdict.VERIFIED)


def test_with_one_scenario_left_nothing_is_verified(stack: Path) -> None:
    shutil.rmtree(stack / "features")
    (stack / "features" / "restore").mkdir(parents=True)
    (stack / "features" / "restore" / "smoke.feature").write_text(ONE_LEFT)
    record = drilled(stack)
    assert record.counts.passed == record.counts.mandatory == 1
    assert (record.verdict, record.exit_code) == (Verdict.NOT_VERIFIED, 3)
    named = " ".join(record.incomplete)
    for asset in load(stack / "compose/wipe/stack.yaml").assets:
        assert f"of the asset {asset} (" in named
    first = "no mandatory check states rows and structure and roles of the asset database (postgres)"
    assert first in record.headline
    assert first in page(record)


STATEMENTS = {
    "another sentence": (
        "    Then every table holds the rows it held",
        "    Then its policies, grants, constraints and indexes are as they were",
        "rows of the asset database (postgres)",
    ),
    "one word": ("  @id:tables", "  @id:tables @advisory", "rows of the asset database (postgres)"),
    "a line less": (
        "    And every object kept its type and metadata\n",
        "",
        "metadata of the asset objects (objects)",
    ),
    "the first line less": (
        "    Then they hold public keys only\n    And every",
        "    Then every",
        "public keys only of the asset custody (custody)",
    ),
}


@pytest.mark.parametrize(("before", "after", "named"), STATEMENTS.values(), ids=STATEMENTS)
def test_one_statement_that_is_no_longer_made_is_named(
    stack: Path, before: str, after: str, named: str
) -> None:
    features = (stack / "features").rglob("*.feature")
    edit(next(path for path in features if before in path.read_text()), before, after)
    record = drilled(stack)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert record.incomplete == (
        f"no mandatory check states {named}, and governance.excluded does not say why",
    )


@pytest.mark.parametrize("excluded", ["database", "database/rows"])
def test_what_the_contract_excludes_with_a_reason_is_not_asked_for(stack: Path, excluded: str) -> None:
    edit(stack / TABLES, "  @id:tables", "  @id:tables @advisory")
    edit(
        stack / "compose/wipe/stack.yaml",
        "  excluded:\n",
        f"  excluded:\n    {excluded}: another drill asks\n",
    )
    assert drilled(stack).verdict is Verdict.VERIFIED


def test_a_selection_is_partial_and_names_nothing_more(stack: Path) -> None:
    plan = plan_of(stack, selection="readiness")
    assert plan.unstated == ()
    assert reduce(plan, healthy(plan).events).verdict is Verdict.PARTIAL

"""The rules behind a drill: read from the contract, frozen into the plan, refused where they can't hold."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from restoreproof.contract import Contract, load
from restoreproof.contract.loader import parse
from restoreproof.contract.plan_inputs import (
    coverage_of,
    governance_of,
    nouns_of,
    service_stage_of,
    waivers_of,
)
from restoreproof.contract.problems import InvalidContract
from restoreproof.errors import ContractError
from restoreproof.plan import Excluded, Policy, Retention, Runbook, Waiver
from tests.contracts import SHOP

REFERENCE = Path(__file__).parents[3] / "compose/wipe/stack.yaml"
RULES = """\
governance:
  policy: {id: BCP-4, version: "2.0", frequency: 90 days}
  bia: BIA-1
  retention: 18 months
  approver_required: true
  excluded: {the index: built anew}
  waivers:
    - {check: c/x, reason: known, owner: storage, approver: the board, until: 2026-12-31}
"""


def contract_of(text: str, directory: Path = Path("/none")) -> Contract:
    return parse(text, directory / "stack.yaml")


def test_a_contract_without_rules_freezes_none() -> None:
    contract = contract_of(SHOP)
    assert governance_of(contract) is None
    assert waivers_of(contract) == ()
    assert coverage_of(contract).systems == ("db",)
    assert coverage_of(contract).source_types == ("postgres",)


def test_rules_are_frozen_as_they_are_written() -> None:
    contract = contract_of(SHOP + RULES)
    rules = governance_of(contract)
    assert rules is not None
    assert rules.policy == Policy("BCP-4", "2.0", "90 days")
    assert (rules.bia_reference, rules.approver_required, rules.runbook) == ("BIA-1", True, None)
    assert rules.retention == Retention("18 months", months=18)
    assert coverage_of(contract).excluded == (Excluded("the index", "built anew"),)
    assert waivers_of(contract) == (Waiver("c/x", "known", "storage", "the board", "2026-12-31"),)


def test_the_reference_contract_states_its_rules() -> None:
    rules = governance_of(load(REFERENCE))
    assert rules is not None
    assert rules.policy
    assert rules.retention
    assert rules.retention.until(date(2026, 11, 22)) == date(2032, 11, 22)
    text = (REFERENCE.parent / "runbook.md").read_bytes()
    assert rules.runbook == Runbook("runbook.md", hashlib.sha256(text).hexdigest())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("retention: 6m", "no time to keep evidence for"),
        ("retention: 0 days", "no time at all"),
        ("retention: 6", "no time to keep evidence for"),
        ("policy: {id: P, frequency: often}", "not a span of time"),
        ("policy: {version: '1'}", "lacks the key 'id'"),
        ("policy: {id: P, digest: abc}", "governance.policy.digest"),
        ("clasification: internal", "unknown key 'clasification' in governance"),
        ("excluded: [a]", "governance.excluded"),
        ("waivers: [{check: c/x, reason: r, owner: o, approver: a, until: soon}]", "until"),
        ("waivers: [{check: c/x, reason: r, owner: o, until: 2026-12-31}]", "lacks the key 'approver'"),
    ],
)
def test_a_rule_that_can_not_hold_is_refused_with_its_line(wrong: str, words: str) -> None:
    text = f"{SHOP}governance:\n  {wrong}\n"
    with pytest.raises(InvalidContract, match=r".") as refused:
        contract_of(text)
    assert words in str(refused.value)
    assert f"stack.yaml:{len(text.splitlines())}" in str(refused.value)


def with_runbook(directory: Path, runbook: str) -> Contract:
    return contract_of(f"{SHOP}governance: {{runbook: {runbook}}}\n", directory)


def test_a_runbook_is_the_one_that_the_contract_means(tmp_path: Path) -> None:
    (tmp_path / "runbook.md").write_text("1. restore")
    found = hashlib.sha256(b"1. restore").hexdigest()
    for runbook in ("{path: runbook.md}", f"{{path: runbook.md, digest: {found}}}"):
        rules = governance_of(with_runbook(tmp_path, runbook))
        assert rules is not None
        assert rules.runbook == Runbook("runbook.md", found)
    other = "d" * 64
    kept_elsewhere = governance_of(with_runbook(tmp_path, f"{{path: BCM-7, digest: {other}}}"))
    assert kept_elsewhere is not None
    assert kept_elsewhere.runbook == Runbook("BCM-7", other)
    with pytest.raises(ContractError, match="not the one stated here") as refused:
        governance_of(with_runbook(tmp_path, f"{{path: runbook.md, digest: {other}}}"))
    assert refused.value.where is not None
    assert refused.value.where.line == len(SHOP.splitlines()) + 1
    with pytest.raises(ContractError, match="no such file, and no digest"):
        governance_of(with_runbook(tmp_path, "{path: none.md}"))


def test_the_service_is_back_when_smoke_has_passed_or_as_the_contract_says() -> None:
    assert service_stage_of(contract_of(SHOP)) == "smoke"
    assert service_stage_of(contract_of(SHOP.replace("[database, smoke]", "[database]"))) == "database"
    asked = SHOP.replace("rto: 4h}", "rto: 4h, service: proof}").replace("smoke]", "proof]")
    assert service_stage_of(contract_of(asked)) == "proof"
    with pytest.raises(InvalidContract, match="no stage is called 'smokes'"):
        contract_of(SHOP.replace("rto: 4h}", "rto: 4h, service: smokes}"))


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("{engines: {dbs: '18.4'}}", "no service is called 'dbs'"),
        ("{programs: {db: 'sha256:short'}}", "pattern"),
        ("{data_gib: 0}", "greater than 0"),
        ("{data_gib: 1, data_enough: 2}", "less than or equal to 1"),
    ],
)
def test_a_production_that_can_not_be_is_refused(block: str, words: str) -> None:
    with pytest.raises(InvalidContract) as refusal:
        parse(f"{SHOP}production: {block}\n", Path("stack.yaml"))
    assert words in str(refusal.value)


def test_an_edit_of_a_noun_changes_the_digest_of_that_noun_alone(tmp_path: Path) -> None:
    text = REFERENCE.read_text()
    name, edited = (
        "stored proofs",
        text.replace("from proofs order by object_key", "from proofs where false", 1),
    )
    before, after = (
        {(noun.kind, noun.name): noun.digest for noun in nouns_of(parse(content, tmp_path / "stack.yaml"))}
        for content in (text, edited)
    )
    assert ("dataset", name) in before
    assert [key for key in before if before[key] != after[key]] == [("dataset", name)]

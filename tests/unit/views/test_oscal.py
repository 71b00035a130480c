"""The OSCAL results: valid by somebody else's reader, the same each time, and no more than was found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restoreproof.plan import Plan, Waiver
from restoreproof.record.reduce import reduce
from restoreproof.views import oscal
from restoreproof.views.bundle import Bundle
from restoreproof.views.oscal import assessment_results
from tests.stories import Story, closed, healthy, opened, plan_of, planned, retold

HERE = Path(__file__).parent
JUDGE = HERE.parents[2] / ".venv-oscal" / "bin" / "python"
HOSTILE = "[a](javascript:x) <script>alert(1)</script>\x1b[2J\x00\u202egnp.exe\n\n# heading `code`"


def mapped() -> Plan:
    """A plan whose checks bear on controls."""
    return plan_of(
        planned("objectives/rpo", "objects"),
        planned("consistency/audit-chain", "database", title="The audit log's chain\nverifies"),
        planned("restore/login", "smoke"),
    )


def results(plan: Plan, story: Story | None) -> dict[str, Any]:
    """The document of the drill of ``plan`` that left ``story``."""
    document = assessment_results(reduce(plan, story.events if story else []))
    inner: dict[str, Any] = document["assessment-results"]
    return inner


def spoilt(plan: Plan) -> Story:
    """One check passed, one failed with what an attacker left in the backup, one never ran."""
    story = opened(plan).check("objectives/rpo")
    return closed(
        story.check("consistency/audit-chain", "FAILED", "failed", observed=HOSTILE, expected=HOSTILE)
    )


def waived() -> tuple[Plan, Story]:
    """A drill with a failure that was accepted in advance."""
    waiver = Waiver("objectives/rpo", "known", "owner", "approver", "2026-12-31")
    plan = plan_of(planned("objectives/rpo"), planned("restore/login", "smoke"), waivers=(waiver,))
    story = opened(plan).check("objectives/rpo", "FAILED", "failed").check("restore/login")
    return plan, closed(story)


@pytest.mark.skipif(not JUDGE.exists(), reason="compliance-trestle is not installed: make test installs it")
def test_another_implementation_of_oscal_takes_every_kind_of_drill(tmp_path: Path) -> None:
    waiving, accepted = waived()
    unmapped = plan_of()
    drills = [
        (mapped(), healthy(mapped())),
        (mapped(), spoilt(mapped())),
        (waiving, accepted),
        (unmapped, healthy(unmapped)),
        (mapped(), Story()),
    ]
    for number, (plan, story) in enumerate(drills):
        directory = tmp_path / str(number)
        directory.mkdir()
        oscal.write(Bundle(directory, plan, reduce(plan, story.events)))
    files = sorted(tmp_path.glob(f"*/{oscal.FILE}"))
    judged = subprocess.run(
        [JUDGE, HERE / "judge_oscal.py", *files], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stderr[-4000:]
    found = json.loads(judged.stdout.splitlines()[-1])
    assert len(found) == len(drills)
    assert [each["observations"] for each in found] == [3, 3, 2, 3, 3]
    assert [each["findings"] > 0 for each in found] == [True, True, True, False, True]


def test_the_same_record_gives_the_same_bytes_and_another_drill_other_identifiers() -> None:
    plan = mapped()
    first = results(plan, healthy(plan))
    assert first == results(plan, healthy(plan))
    others = healthy(plan)
    others.events[0] = retold(others.events[0], drill_id="d2")
    assert not set(uuids(first)) & set(uuids(results(plan, others)))


def test_a_finding_is_satisfied_only_where_every_check_passed_in_a_sound_drill() -> None:
    plan = mapped()
    assert set(states(results(plan, healthy(plan))).values()) == {"satisfied"}
    after = states(results(plan, spoilt(plan)))
    assert after["NIST-CP-10_drill"] == "not-satisfied"
    assert "satisfied" not in after.values(), "a drill with a check that never ran supports nothing"
    assert not set(states(results(plan, Story())).values()) - {"not-satisfied"}


def test_every_deviation_is_a_risk_of_the_findings_that_it_bears_on() -> None:
    document = results(mapped(), spoilt(mapped()))
    (result,) = document["results"]
    risks = {risk["uuid"]: risk for risk in result["risks"]}
    titles = [risk["title"] for risk in risks.values()]
    assert "FAILED: consistency/audit-chain" in titles
    assert "The evidence is incomplete" in titles
    named = {
        entry["risk-uuid"] for finding in result["findings"] for entry in finding.get("related-risks", [])
    }
    assert named
    assert named <= set(risks)


def test_an_accepted_failure_is_an_approved_deviation_with_its_last_day() -> None:
    (result,) = results(*waived())["results"]
    (risk,) = result["risks"]
    assert risk["status"] == "deviation-approved"
    assert risk["deadline"].startswith("2026-12-31")
    assert set(states({"results": [result]}).values()) >= {"not-satisfied"}


def test_each_finding_says_what_is_not_proven() -> None:
    (result,) = results(mapped(), healthy(mapped()))["results"]
    assert result["findings"]
    assert all("Not proven: " in finding["description"] for finding in result["findings"])


def test_what_a_backup_held_can_only_be_read() -> None:
    text = json.dumps(results(mapped(), spoilt(mapped())), ensure_ascii=False)
    assert "<script" not in text.replace("\\\\<script", "")
    assert "](javascript" not in text.replace("\\\\](javascript", "")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u202e" in text


def states(document: dict[str, Any]) -> dict[str, str]:
    """The state of each finding by its target."""
    (result,) = document["results"]
    return {
        finding["target"]["target-id"]: finding["target"]["status"]["state"] for finding in result["findings"]
    }


def uuids(value: Any) -> Iterator[str]:
    """Every identifier that the document gives."""
    if isinstance(value, dict):
        if "uuid" in value:
            yield value["uuid"]
        for part in value.values():
            yield from uuids(part)
    elif isinstance(value, list):
        for part in value:
            yield from uuids(part)

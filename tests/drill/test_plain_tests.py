"""Plain tests beside the features of the reference stack, in real drills: counted, and named if they fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from restoreproof.contract import load
from tests.drill.test_bad_input import contract_with
from tests.workshop import CONTRACT, ROOT, Drilled, Workshop

ADDS_UP = '''\
"""The stack, as a test sees it."""
import pytest
from restoreproof.checks.objects import expected_rows

pytestmark = pytest.mark.at("database")


@pytest.fixture
def proofs(database):
    return list(database().rows("select object_key as key from proofs"))


@pytest.mark.parametrize("column", ["sha256", "object_key"])
def test_every_proof_is_there(column, database, restored, expect, answer):
    """Every proof is there."""
    rows = list(database().rows(f"select {column} from proofs"))
    wanted = expected_rows(restored, "stored proofs")
    expect(len(rows) == wanted and answer == 42, examined=len(rows), total=wanted)


@pytest.mark.at("objects")
def test_every_proof_has_its_object(proofs, buckets, restored, expect):
    bucket, wanted = buckets("proofs"), expected_rows(restored, "stored proofs")
    empty = [row["key"] for row in proofs if bucket.head(row["key"])["size"] == 0]
    expect(not empty, examined=len(proofs), total=wanted, findings=empty)


@pytest.mark.at("smoke")
class TestService:
    def test_people(self, realm, browser_of, catalogue, expect):
        listed = browser_of("canary").get("/api/proofs")
        people = realm().counts()["users"]
        expect(people > 0, examined=1, total=1, expected=f"people of the set {catalogue.set_id}")
        expect(listed.status_code == 200, examined=1, total=1)

    def test_the_door(self, api, recovery_point, expect):
        assert recovery_point.tzinfo is not None
        expect(api.get("/readyz").status_code == 200, examined=1, total=1)
'''

CONFTEST = "import pytest\n@pytest.fixture\ndef answer():\n    return 42\n"

FAILING = """\
import pytest
pytestmark = pytest.mark.at("database")

def test_no_proof_is_lost(database, expect):
    lost = database().value("select 1")
    assert lost == 0, "a proof is lost"

def test_nothing_is_said(database):
    database()
"""


@pytest.fixture(scope="module")
def project(workshop: Workshop) -> Path:
    """A project of its own: one feature of the reference stack, its fixtures, and a ``conftest.py``."""
    project = workshop.directory / "projects" / "plain"
    (project / "features" / "consistency").mkdir(parents=True)
    shutil.copy(ROOT / "features/consistency/chains.feature", project / "features/consistency")
    for name in (one for one in ("steps", "fixtures") if (ROOT / one).is_dir()):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "conftest.py").write_text(CONFTEST)
    (project / "features" / "consistency" / "test_adds_up.py").write_text(ADDS_UP)
    return project


@pytest.fixture(scope="module")
def whole(workshop: Workshop, project: Path) -> Drilled:
    """A drill of all that the project asks; what it does not ask of each asset, the contract excludes."""
    excluded = "".join(f"    {asset}: the drill of all features asks\n" for asset in load(CONTRACT).assets)
    contract = contract_with(workshop, "plain", "  excluded:\n", f"  excluded:\n{excluded}")
    return workshop.drill("--features", project / "features", contract=contract)


def test_plain_tests_pass_with_the_fixtures_of_the_stack(whole: Drilled) -> None:
    base = "consistency/test_adds_up.py::"
    reasons = {check["id"]: check["reason"] for check in whole.record["checks"] if check["reason"]}
    assert reasons == {}, whole.output[-4000:]
    names = ["test_every_proof_is_there", "test_every_proof_has_its_object"]
    names += ["TestService::test_people", "TestService::test_the_door"]
    assert {whole.outcomes[f"{base}{name}"] for name in names} == {"PASSED"}
    assert (whole.record["verdict"], whole.returncode) == ("VERIFIED", 0), whole.record["incomplete"]


def test_each_is_recorded_with_its_stage_its_cases_and_what_it_examined(whole: Drilled) -> None:
    check = whole.check("consistency/test_adds_up.py::test_every_proof_is_there")
    assert (check["stage"], check["title"]) == ("database", "Every proof is there")
    assert [step["text"] for step in check["steps"]] == [
        "test_every_proof_is_there[sha256]",
        "test_every_proof_is_there[object_key]",
    ]
    assert check["examined_total"] == check["of_total"] > 0
    assert len(whole.record["plan"]["support_sha256"]) == 64


def test_a_failing_one_turns_the_drill_failed_and_is_named(workshop: Workshop, project: Path) -> None:
    """It used to run, leave no event, and end VERIFIED."""
    path = project / "features" / "consistency" / "test_failing.py"
    path.write_text(FAILING)
    try:
        drilled = workshop.drill("--features", project / "features", "-k", "test_failing")
    finally:
        path.unlink()
    name = "consistency/test_failing.py::test_no_proof_is_lost"
    assert (drilled.returncode, drilled.record["verdict"]) == (1, "FAILED"), drilled.output[-4000:]
    assert drilled.outcomes[name] == "FAILED"
    assert "a proof is lost" in drilled.check(name)["reason"]
    silent = drilled.check("consistency/test_failing.py::test_nothing_is_said")
    assert (silent["outcome"], "write expect(" in silent["reason"]) == ("NOT_VERIFIED", True)
    assert "a proof is lost" in drilled.output
    assert "a proof is lost" in (drilled.directory / "junit.xml").read_text()
    files = (drilled.directory / "allure-results").glob("*-result.json")
    results = [json.loads(path.read_text()) for path in files]
    statuses = {result["fullName"]: result["status"] for result in results}
    assert statuses[f"consistency/test_failing.py:{name}"] == "failed"
    assert "no proof is lost" in (drilled.directory / "index.html").read_text()


def test_fixtures_that_raise_start_no_drill_and_are_named(workshop: Workshop, project: Path) -> None:
    path = project / "fixtures" / "broken.py"
    path.write_text("raise ValueError('no such thing')\n")
    try:
        done = workshop.refused("--features", project / "features", "-k", "test_every_proof_is_there")
    finally:
        path.unlink()
    assert done.returncode == 2, done.output[-4000:]
    assert "fixtures/broken.py:1: can't be imported: ValueError: no such thing" in done.output

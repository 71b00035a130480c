"""junit.xml: counts that gate, and elements in the places where readers of the format look for them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

from restoreproof.plan import Plan, Waiver
from restoreproof.record.reduce import reduce
from restoreproof.views import junit
from restoreproof.views.bundle import Bundle
from tests.stories import Story, closed, healthy, opened, plan_of, planned

# The common schema (Jenkins' and Surefire's agree on this much): attributes, and children in their order.
SHAPE: dict[str, tuple[set[str], list[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        ["properties", "testcase"],
    ),
    "testcase": (
        {"classname", "name", "time"},
        ["properties", "skipped", "error", "failure", "system-out"],
    ),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "skipped": ({"message"}, []),
    "error": ({"type", "message"}, []),
    "failure": ({"type", "message"}, []),
    "system-out": (set(), []),
}


def junit_of(directory: Path, plan: Plan, story: Story) -> Xml.Element:
    """The file, written and read back, its shape checked on the way."""
    junit.write(Bundle(directory, plan, reduce(plan, story.events)))
    root = Xml.parse(directory / "junit.xml").getroot()
    check_shape(root)
    return root


def check_shape(element: Xml.Element) -> None:
    """Every element has just its attributes, and children that may stand there, in order."""
    attributes, children = SHAPE[element.tag]
    assert set(element.attrib) == attributes, element.tag
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places), element.tag
    for child in element:
        check_shape(child)


def case(root: Xml.Element, check: str) -> Xml.Element:
    """The test case of one check."""
    return next(found for found in root.iter("testcase") if properties(found).get("check") == check)


def properties(found: Xml.Element) -> dict[str, str]:
    """Names and values."""
    return {it.attrib["name"]: it.attrib["value"] for it in found.iterfind("properties/property")}


def test_every_outcome_has_its_element(tmp_path: Path) -> None:
    names = {"c/passed": None, "c/failed": "failure", "c/unverified": "error", "c/error": "error"}
    names |= {"c/absent": "error", "c/waived": "system-out"}
    waiver = Waiver("c/waived", "known since May", "dba", "ciso", "2999-01-01")
    plan = plan_of(*map(planned, names), planned("c/advice", mandatory=False), waivers=(waiver,))
    story = opened(plan).check("c/passed").check("c/failed", "FAILED", "failed")
    story.check("c/unverified", "NOT_VERIFIED", "failed").check("c/error", None, "failed")
    story.check("c/waived", "FAILED", "failed").check("c/advice", "FAILED", "failed")
    root = junit_of(tmp_path, plan, closed(story, 1))
    told = {name: [child.tag for child in case(root, name)][1:] for name in names}
    assert told == {name: [tag] if tag else [] for name, tag in names.items()}
    assert [child.tag for child in case(root, "c/advice")][1:] == ["skipped"]
    # One more error: the absent check makes the evidence incomplete.
    counts = {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "1", "errors": "4", "skipped": "1"}


def test_a_case_says_what_was_examined_of_how_many(tmp_path: Path, plan: Plan) -> None:
    root = junit_of(tmp_path, plan, healthy(plan))
    said = properties(case(root, "c/rows"))
    assert (said["examined"], said["of"], said["sample"]) == ("3", "3", "all")
    assert (said["expected"], said["observed"], said["outcome"]) == ("all of them", "all", "PASSED")
    suite = root.find("testsuite")
    assert suite is not None
    assert properties(suite)["verdict"] == "VERIFIED"
    assert suite.attrib["timestamp"] == "2026-11-22T15:00:00"


def test_rows_of_an_outline_are_cases_of_their_own(tmp_path: Path) -> None:
    plan = plan_of(
        planned("c/rows[1]", parameters=(("n", "1"),), title="Rows"),
        planned("c/rows[2]", parameters=(("n", "2"),), title="Rows"),
    )
    root = junit_of(tmp_path, plan, healthy(plan))
    assert [found.attrib["name"] for found in root.iter("testcase")] == ["Rows [1]", "Rows [2]"]


def test_no_character_that_xml_can_not_hold_gets_through(tmp_path: Path) -> None:
    """NUL, escape sequences, lone surrogates, noncharacters and markup, from every place a backup reaches."""
    hostile = "]]></failure>\x00\x1b[2J\ud800\ufffe\u202e&<x>"
    plan = plan_of(planned("c/x"))
    story = opened(plan).check("c/x", "FAILED", "failed", observed=hostile, findings=[hostile])
    root = junit_of(tmp_path, plan, closed(story, 1))
    failure = case(root, "c/x").find("failure")
    assert failure is not None
    assert "]]></failure>" in (failure.text or "")
    text = (tmp_path / "junit.xml").read_text()
    assert not {"\x00", "\x1b", "\u202e", "\ufffe"} & set(text)


def test_a_plain_test_is_called_as_pytest_calls_it(tmp_path: Path) -> None:
    """Two of one title, in two classes, are two cases."""
    names = ["c/test_rows.py::TestA::test_counts", "c/test_rows.py::TestB::test_counts"]
    plan = plan_of(*(planned(name, title="Every row is there") for name in names))
    story = opened(plan).check(names[0]).check(names[1])
    root = junit_of(tmp_path, plan, closed(story))
    called = [(found.attrib["classname"], found.attrib["name"]) for found in root.iter("testcase")]
    assert called[:2] == [("c.test_rows.TestA", "test_counts"), ("c.test_rows.TestB", "test_counts")]

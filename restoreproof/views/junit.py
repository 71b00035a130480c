"""``junit.xml``: one test case per check, as pipelines read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from restoreproof.display import shown
from restoreproof.outcome import Observation, Outcome
from restoreproof.record.headline import noticing
from restoreproof.record.model import CheckRecord, Record
from restoreproof.record.moments import moment
from restoreproof.views.bundle import Bundle

# Characters that XML 1.0 can't hold, not even escaped.
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {Outcome.FAILED: "failure", Outcome.NOT_VERIFIED: "error", Outcome.ERROR: "error"}


def write(bundle: Bundle) -> None:
    """Write the file. A drill whose evidence is incomplete holds one more case, in error, that says why."""
    tree = Xml.ElementTree(_suites(bundle.record))
    Xml.indent(tree)
    tree.write(bundle.directory / "junit.xml", encoding="utf-8", xml_declaration=True)


def _suites(record: Record) -> Xml.Element:
    cases = [_case(check) for check in record.checks]
    if record.incomplete:
        cases.append(_incomplete(record))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{record.seconds or 0:.3f}",
    }
    name = _text(f"{record.stack} restore drill: {record.verdict_words}")
    suites = Xml.Element("testsuites", {"name": name, **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": name, **counts})
    if opened := moment(record.opened_at):
        suite.set("timestamp", opened.strftime("%Y-%m-%dT%H:%M:%S"))
    _properties(suite, _facts(record))
    suite.extend(cases)
    return suites


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    yield "verdict", record.verdict.value
    for fault in record.detection:
        yield "injected fault", noticing(fault)
    yield "headline", record.headline
    yield "drill", record.drill_id
    yield "backup set", record.backup_set.set_id or "unknown"
    yield "recovery point", record.backup_set.recovery_point or "unknown"
    yield "plan", record.plan.digest
    yield "time zone", "UTC"


def _case(check: CheckRecord) -> Xml.Element:
    """One check. What is shown and never counted, an advisory check that did not pass, is skipped here."""
    classname, name = _names(check)
    case = Xml.Element("testcase", classname=_text(classname), name=_text(name), time=f"{check.seconds:.3f}")
    _properties(case, _circumstances(check))
    word = check.outcome.value.replace("_", " ")
    if check.outcome is Outcome.PASSED:
        return case
    if not check.mandatory:
        Xml.SubElement(case, "skipped", message=_text(f"advisory, {word}: {check.reason}"))
    elif check.outcome in _TAGS:
        problem = Xml.SubElement(case, _TAGS[check.outcome], type=word, message=_text(check.reason))
        problem.text = _text(
            "\n".join(finding for observation in check.observations for finding in observation.findings)
        )
    elif check.waiver:
        waived = f"waived until {check.waiver.until} by {check.waiver.approver}: {check.waiver.reason}"
        Xml.SubElement(case, "system-out").text = _text(f"{waived}\n{check.reason}")
    return case


def _names(check: CheckRecord) -> tuple[str, str]:
    """The class and name of a case: pipelines take two cases that have both in common for one."""
    module, is_plain_test, test = check.id.rpartition("::")
    if is_plain_test:
        return module.replace(".py", "").replace("::", ".").replace("/", "."), test
    # Rows of an outline may share their title.
    row = f" {check.id[check.id.find('[') :]}" if check.parameters else ""
    return check.id.rpartition("/")[0].replace("/", ".") or "features", check.title + row


def _circumstances(check: CheckRecord) -> Iterator[tuple[str, str]]:
    yield "check", check.id
    yield "outcome", check.outcome.value
    yield "stage", check.stage
    yield "mandatory", "yes" if check.mandatory else "advisory"
    for name, value in check.parameters:
        yield f"parameter {name}", value
    for observation in check.observations:
        yield from _counted(observation)


def _counted(observation: Observation) -> Iterator[tuple[str, str]]:
    yield "expected", observation.expected
    yield "observed", observation.observed
    if observation.examined is not None:
        yield "examined", str(observation.examined)
        yield "of", "unknown" if observation.of is None else str(observation.of)
        yield "sample", observation.sample


def _incomplete(record: Record) -> Xml.Element:
    case = Xml.Element("testcase", classname="evidence", name="The evidence is complete", time="0.000")
    problem = Xml.SubElement(case, "error", type="INCOMPLETE", message=_text(record.incomplete[0]))
    problem.text = _text("\n".join(record.incomplete))
    return case


def _properties(owner: Xml.Element, named: Iterator[tuple[str, str]]) -> None:
    properties = Xml.SubElement(owner, "properties")
    for name, value in named:
        Xml.SubElement(properties, "property", name=_text(name), value=_text(value))


def _text(text: str) -> str:
    return _UNSAYABLE.sub("?", shown(text, 4000))

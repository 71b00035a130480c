"""``junit.xml``: one test case per check, as pipelines read it."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from restoreproof.evidence.bundle import Bundle
from restoreproof.evidence.model import CheckRecord, Record
from restoreproof.outcome import Outcome
from restoreproof.shown import shown

# Characters that XML 1.0 can't hold, not even escaped.
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(bundle: Bundle) -> None:
    """Write the file. A drill whose evidence is incomplete holds one more case, in error, that says why."""
    Xml.ElementTree(_suites(bundle.record)).write(
        bundle.directory / "junit.xml", encoding="utf-8", xml_declaration=True
    )


def _suites(record: Record) -> Xml.Element:
    checks = [check for check in record.checks if check.mandatory or check.outcome is Outcome.PASSED]
    failures = sum(check.outcome is Outcome.FAILED for check in checks)
    errors = sum(check.outcome in (Outcome.NOT_VERIFIED, Outcome.ERROR) for check in checks)
    advisory = [check for check in record.checks if check not in checks]
    extra = bool(record.incomplete)
    suites = Xml.Element("testsuites")
    suite = Xml.SubElement(
        suites,
        "testsuite",
        name=_text(f"{record.stack} restore drill: {record.verdict.value}"),
        tests=str(len(record.checks) + extra),
        failures=str(failures),
        errors=str(errors + extra),
        skipped=str(len(advisory)),
        time=f"{record.seconds or 0:.3f}",
        timestamp=record.opened_at or "",
    )
    for check in record.checks:
        _case(suite, check, advisory=check in advisory)
    if extra:
        case = Xml.SubElement(suite, "testcase", classname="evidence", name="The evidence is complete")
        Xml.SubElement(case, "error", message=_text(record.incomplete[0])).text = _text(
            "\n".join(record.incomplete)
        )
    return suites


def _case(suite: Xml.Element, check: CheckRecord, *, advisory: bool) -> None:
    classname = check.id.rpartition("/")[0].replace("/", ".") or "features"
    case = Xml.SubElement(
        suite, "testcase", classname=_text(classname), name=_text(check.title), time=f"{check.seconds:.3f}"
    )
    word = check.outcome.value.replace("_", " ")
    if check.outcome is Outcome.PASSED:
        return
    if advisory:
        Xml.SubElement(case, "skipped", message=_text(f"advisory, {word}: {check.reason}"))
    elif check.outcome is Outcome.WAIVED and check.waiver:
        told = f"waived until {check.waiver.until} by {check.waiver.approver}: {check.waiver.reason}"
        Xml.SubElement(case, "system-out").text = _text(f"{told}\n{check.reason}")
    else:
        kind = "failure" if check.outcome is Outcome.FAILED else "error"
        findings = "\n".join(finding for seen in check.observations for finding in seen.findings)
        Xml.SubElement(case, kind, type=word, message=_text(check.reason)).text = _text(findings)


def _text(text: str) -> str:
    return _UNSAYABLE.sub("?", shown(text, 4000))

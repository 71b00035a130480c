"""``oscal-assessment-results.json``: the drill as OSCAL 1.1 assessment results.

Every check is an observation, every control of the map that a check bears on is a finding about one local
objective (what the checks support, never the whole control), and every deviation is a risk. The same record
gives the same bytes: identifiers are derived, and no clock is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from restoreproof.outcome import Outcome
from restoreproof.record.model import CheckRecord, Record
from restoreproof.views.bundle import Bundle
from restoreproof.views.controls import MatrixRow, Support, matrix
from restoreproof.views.oscal_text import Identifiers, line, moment, prop, prose, token

OSCAL_VERSION = "1.1.3"
FILE = "oscal-assessment-results.json"

_STATES = {
    Support.SUPPORTED: ("satisfied", "pass"),
    Support.CONTRADICTED: ("not-satisfied", "fail"),
    Support.OPEN: ("not-satisfied", "other"),
}
_EVIDENCE = {
    "plan.json": "The plan: features and contract, compiled and frozen before anything was restored",
    "record.json": "The record: everything that these results say, reduced from plan and journal",
    "journal.jsonl": "The journal: the events of the drill as they happened",
}
Json = dict[str, Any]


def write(bundle: Bundle) -> None:
    """Write the file."""
    text = json.dumps(assessment_results(bundle.record), indent=2, ensure_ascii=False) + "\n"
    (bundle.directory / FILE).write_text(text, encoding="utf-8")


def assessment_results(record: Record) -> Json:
    """Return the whole document."""
    ids = Identifiers(record.drill_id, record.plan.digest)
    rows = [row for row in matrix(record) if row.support is not Support.NOT_EXAMINED]
    return {
        "assessment-results": {
            "uuid": ids.of("assessment-results"),
            "metadata": {
                "title": line(f"Restore drill {record.drill_id} of {record.stack}"),
                "last-modified": moment(record.ended_at, record.opened_at),
                "version": line(record.drill_id),
                "oscal-version": OSCAL_VERSION,
                "props": [prop("record-schema", record.schema)],
            },
            "import-ap": {
                "href": f"#{ids.of('resource', 'plan.json')}",
                "remarks": "The plan of a drill is restoreproof's own format, not an OSCAL assessment plan.",
            },
            **_optional("local-definitions", _objectives(rows)),
            "results": [_result(record, rows, ids)],
            "back-matter": {"resources": [_resource(name, what, ids) for name, what in _EVIDENCE.items()]},
        }
    }


def _objectives(rows: Iterable[MatrixRow]) -> Json:
    """One local objective for each control: what is judged, in the words of the map."""
    stated = [
        {
            "control-id": token(row.control.label),
            "description": prose(row.control.demand),
            "parts": [
                {
                    "id": _objective(row),
                    "name": "assessment-objective",
                    "prose": prose(f"{row.control.supports} Not proven: {row.control.not_proven}"),
                }
            ],
        }
        for row in rows
    ]
    return {"objectives-and-methods": stated} if stated else {}


def _result(record: Record, rows: list[MatrixRow], ids: Identifiers) -> Json:
    return {
        "uuid": ids.of("result"),
        "title": line(f"{record.verdict_words}: restore drill of {record.stack}"),
        "description": prose(record.headline),
        "start": moment(record.opened_at),
        "end": moment(record.ended_at, record.opened_at),
        "props": [
            prop("verdict", record.verdict.value),
            *(prop("injected-fault", fault) for fault in record.faults),
            prop("exit-code", str(int(record.exit_code))),
            prop("plan-digest", record.plan.digest),
            prop("backup-set", record.backup_set.set_id),
        ],
        "local-definitions": _definitions(record, ids),
        "reviewed-controls": _reviewed(rows),
        **_optional("observations", [_observation(record, check, ids) for check in record.checks]),
        **_optional("risks", _risks(record, ids)),
        **_optional("findings", [_finding(record, row, ids) for row in rows]),
    }


def _definitions(record: Record, ids: Identifiers) -> Json:
    """The restored stack, which is the subject, and restoreproof, which is the tool."""
    gone = "gone" if record.safety.torn_down else "not proven gone"
    target = {
        "uuid": ids.of("target"),
        "type": "system",
        "title": line(f"{record.stack}, restored"),
        "description": prose(f"Restored from the set {record.backup_set.set_id}; afterwards {gone}."),
        "status": {"state": "disposition" if record.safety.torn_down else "other"},
    }
    tool = {
        "uuid": ids.of("tool"),
        "type": "software",
        "title": "restoreproof",
        "description": prose(record.harness or "version unknown"),
        "status": {"state": "operational"},
    }
    platform = {
        "uuid": ids.of("platform"),
        "title": "The machine that drilled",
        "uses-components": [{"component-uuid": ids.of("tool")}],
    }
    return {
        "components": [target],
        "assessment-assets": {"components": [tool], "assessment-platforms": [platform]},
    }


def _reviewed(rows: list[MatrixRow]) -> Json:
    """One selection for each framework. OSCAL wants at least one: the drill itself, if there is no other."""
    frameworks = dict.fromkeys(row.framework for row in rows)
    selections: list[Json] = [
        {
            "description": prose(framework),
            "include-controls": [
                {"control-id": token(row.control.label)} for row in rows if row.framework == framework
            ],
        }
        for framework in frameworks
    ]
    none: Json = {
        "description": "No check of this drill bears on a control; the drill stands for itself.",
        "include-controls": [{"control-id": "restore-drill"}],
    }
    description = (
        "Controls that checks of this drill bear on. A drill supports a control; it does not fulfil one."
    )
    return {"description": description, "control-selections": selections or [none]}


def _observation(record: Record, check: CheckRecord, ids: Identifiers) -> Json:
    tool = {"type": "tool", "actor-uuid": ids.of("tool")}
    return {
        "uuid": ids.of("observation", check.id),
        "title": line(check.title),
        "description": prose(check.reason or check.outcome.value),
        "props": [
            prop("check", check.id),
            prop("outcome", check.outcome.value),
            prop("stage", check.stage),
            prop("mandatory", "yes" if check.mandatory else "no"),
            *(
                prop("examined", f"{observation.examined} of {observation.of}")
                for observation in check.observations
                if observation.of
            ),
        ],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [tool]}],
        "subjects": [{"subject-uuid": ids.of("target"), "type": "component"}],
        "relevant-evidence": [
            {
                "href": f"#{ids.of('resource', 'record.json')}",
                "description": prose(
                    f"{observation.outcome.value}: expected {observation.expected}; "
                    f"observed {observation.observed}"
                ),
            }
            for observation in check.observations
        ]
        or [{"href": f"#{ids.of('resource', 'journal.jsonl')}", "description": "Nothing was observed."}],
        "collected": moment(record.ended_at, record.opened_at),
        "remarks": "Collected while the drill ran; the journal holds the moment of each event.",
    }


def _risks(record: Record, ids: Identifiers) -> list[Json]:
    """What is open: each deviation, and each reason for which the evidence is incomplete."""
    deviations: list[Json] = [
        {
            "uuid": ids.of("risk", deviation.id),
            "title": line(f"{deviation.outcome.value}: {deviation.id}"),
            "description": prose(deviation.description or deviation.outcome.value),
            "statement": "What this check asserts cannot be relied on in a recovery from this set.",
            "props": [
                prop("severity", deviation.severity),
                prop("owner", deviation.owner),
                prop("mandatory", "yes" if deviation.mandatory else "no"),
            ],
            "status": "deviation-approved" if deviation.outcome is Outcome.WAIVED else "open",
            **_optional("deadline", deviation.due and moment(f"{deviation.due}T00:00:00+00:00")),
            "related-observations": [{"observation-uuid": ids.of("observation", deviation.id)}],
        }
        for deviation in record.deviations
    ]
    gaps: list[Json] = [
        {
            "uuid": ids.of("risk", "evidence", reason),
            "title": "The evidence is incomplete",
            "description": prose(reason),
            "statement": "These results may leave out what would change them.",
            "status": "open",
        }
        for reason in dict.fromkeys(record.incomplete)
    ]
    return [*deviations, *gaps]


def _finding(record: Record, row: MatrixRow, ids: Identifiers) -> Json:
    state, reason = _STATES[row.support]
    failed = {deviation.id for deviation in record.deviations} & {check.id for check in row.checks}
    return {
        "uuid": ids.of("finding", row.control.label),
        "title": line(f"{row.framework} {row.control.reference}: {row.support.value}"),
        "description": prose(f"Supports: {row.control.supports} Not proven: {row.control.not_proven}"),
        "target": {
            "type": "objective-id",
            "target-id": _objective(row),
            "status": {"state": state, "reason": reason},
            **_optional("remarks", row.control.verify and prose(f"Its demand: {row.control.verify}.")),
        },
        "related-observations": [
            {"observation-uuid": ids.of("observation", check.id)} for check in row.checks
        ],
        **_optional("related-risks", [{"risk-uuid": ids.of("risk", name)} for name in sorted(failed)]),
    }


def _objective(row: MatrixRow) -> str:
    return f"{token(row.control.label)}_drill"


def _resource(name: str, what: str, ids: Identifiers) -> Json:
    return {"uuid": ids.of("resource", name), "title": what, "rlinks": [{"href": name}]}


def _optional(key: str, value: Any) -> Json:
    """``value`` below ``key``; nothing if it is empty, since OSCAL has no empty lists and no nulls."""
    return {key: value} if value else {}

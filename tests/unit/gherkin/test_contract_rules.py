"""What the linter tells of a contract: sinks of no kind, and an order that a kind can't be restored in."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.gherkin.contract_rules import check_ids, contract_findings

TEXT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  s3: {component: seaweedfs, port: 8333, starts: files}
  smtp: {component: smtp-sink, port: 1025, ports: {effects: 8025}, starts: files}
order:
- database
- files
- smoke
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
  files: {kind: objects, at: files, service: s3, access_key: A, secret_key: B, object_lock: inactive,
    buckets: {photos: {name: photos}, drop: {name: drop, access: write-only}}}
sinks:
  mail: {service: smtp, kind: mail}
  drop: {service: s3, kind: bucket, bucket: drop}
"""


def contract_of(text: str, directory: Path) -> Contract:
    return parse(text, directory / "stack.yaml")


def findings(text: str, directory: Path) -> list[str]:
    """What the linter tells, each line without the name of the file."""
    found = contract_findings(contract_of(text, directory), ())
    return [str(finding).removeprefix(f"{directory / 'stack.yaml'}:") for finding in found]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_sound_contract_has_no_finding(tmp_path: Path) -> None:
    assert findings(TEXT, tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (
            "kind: mail}",
            "kind: mial}",
            "sinks.mail.kind: there is no kind of sink 'mial' — did you mean 'mail'?",
        ),
        (
            "kind: mail}",
            "kind: pigeon}",
            "sinks.mail.kind: there is no kind of sink 'pigeon'; known here: bucket, mail, webhook",
        ),
        (
            "kind: bucket, bucket: drop}",
            "kind: bucket}",
            "sinks.drop lacks the key 'bucket', which a sink of kind bucket needs",
        ),
    ],
)
def test_a_sink_that_no_drill_can_ask_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    text = TEXT.replace(right, wrong)
    assert text != TEXT
    message, _, suggestion = words.partition(" — ")
    hint = f" — {suggestion}" if suggestion else ""
    assert findings(text, tmp_path) == [f"{line_of(text, wrong)}: {message} [sink]{hint}"]


def test_an_order_that_a_kind_can_not_be_restored_in_is_told_with_its_line(tmp_path: Path) -> None:
    text = TEXT.replace("- database\n- files\n", "- files\n- database\n")
    assert findings(text, tmp_path) == [
        f"{line_of(text, '- files')}: order: 'files' (objects) is restored at 'files', before "
        "'main' (postgres) at 'database', which it depends on; "
        "move 'database' before 'files' [asset-order]"
    ]


def test_the_checks_of_a_stack_are_those_of_features_and_tests_and_the_drills_own(tmp_path: Path) -> None:
    features = tmp_path / "features"
    (features / "rows").mkdir(parents=True)
    (features / "rows" / "rows.feature").write_text(
        "@at:database\nFeature: Rows\n  @id:all\n  Scenario: All\n    Then every row is there\n"
    )
    (features / "test_plain.py").write_text("def test_it(): pass\n")
    assert check_ids(features, contract_of(TEXT, tmp_path)) == {
        *("rows/all", "test_plain.py::test_it", "set/catalogue"),
        *("restore/database", "restore/files", "restore/smoke"),
    }

"""What a real drill leaves is sealed and entered, and a drill that can't start is entered too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.workshop import Workshop


def ledger(reports: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (reports / "ledger.jsonl").read_text().splitlines()]


def test_a_drill_seals_its_evidence_and_verify_believes_it(workshop: Workshop) -> None:
    reports = workshop.reports()
    head_file = reports / "ledger.head"
    arguments = workshop.drill_arguments(reports, "-k", "set-identity", "--head-file", head_file)
    drilled = workshop.run(*arguments)
    key = workshop.var / "keys" / "drill.pub"
    head = head_file.read_text().strip()
    assert head in drilled.output
    answer = workshop.run("verify", reports / "latest", "--key", key, "--head", head, "--json")
    told = json.loads(answer.output)
    assert told["findings"] == []
    # A part of the features was drilled, so it is authentic and proves only that part.
    assert (told["authentic"], told["verdict"], answer.returncode) == (True, "PARTIAL", 3)
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert record["custody"]["self_issued"]
    assert record["custody"]["ledger_seq"] == 1
    assert f"SHA256:{record['custody']['key_id']}" in key.read_text()
    assert (reports / "verify_evidence.py").is_file()


def test_a_drill_that_can_not_start_is_entered_and_shows_no_older_pass(workshop: Workshop) -> None:
    reports = workshop.give(workshop.reports())
    (reports / "latest").symlink_to("20261122T000000Z-000000")
    done = workshop.run(*workshop.drill_arguments(reports, "--set", "/none"))
    assert done.returncode == 2, done.output
    (entry,) = ledger(reports)
    assert (entry["type"], entry["data"]["set"]) == ("refused", "/none")
    assert not (reports / "latest").is_symlink()

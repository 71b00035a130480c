"""What differs from production makes a pass NOT_VERIFIED by name, and hides no failure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.drill.test_bad_input import contract_with
from tests.workshop import CONTRACT, Drilled, Workshop


def drilled(workshop: Workshop, name: str, production: str) -> Drilled:
    """A drill for a production of that kind."""
    declared = re.search(r"^production:\n(?:  .*\n)+", CONTRACT.read_text(), re.MULTILINE)
    assert declared is not None
    contract = contract_with(workshop, name, declared[0], f"production: {production}\n")
    return workshop.drill("--set", workshop.set, "--catalogue", workshop.catalogue, contract=contract)


def test_a_target_like_production_is_verified(workshop: Workshop) -> None:
    like = "{engines: {postgres: '18.6'}, collation: C.UTF-8, collation_version: '1', data_gib: 0.001}"
    result = drilled(workshop, "like", like)
    assert result.returncode == 0, result.output
    compared = [one for one in result.record["fidelity"] if one["differs"] is not None]
    assert {one["subject"] for one in compared} == {"engine", "collation", "data-size"}
    assert not any(one["differs"] for one in compared)
    programs = [one for one in result.record["fidelity"] if one["subject"] == "program"]
    assert {one["service"] for one in programs} >= {"postgres", "s3", "keycloak", "nginx", "api"}
    assert all("sha256:" in one["here"] for one in programs)
    assert result.record["recovery_time"]["met"] is True


def test_little_data_and_another_collation_are_named_by_the_checks_that_rest_on_them(
    workshop: Workshop,
) -> None:
    result = drilled(
        workshop, "unlike", "{engines: {postgres: '15.18'}, collation_version: '2.36', data_gib: 400}"
    )
    assert result.returncode == 3, result.output
    open_ones = {name for name, outcome in result.outcomes.items() if outcome == "NOT_VERIFIED"}
    assert open_ones - {"objectives/schedule"} == {
        "objectives/rto",
        "backup/structure",
        "restore/proof-list",
    }
    assert "400 GiB" in result.check("objectives/rto")["reason"]
    assert "too little data" in result.check("objectives/rto")["reason"]
    assert result.record["recovery_time"]["met"] is None
    assert "version 2.36" in result.check("backup/structure")["reason"]
    (engine,) = [one for one in result.record["fidelity"] if one["subject"] == "engine" and one["differs"]]
    assert (engine["service"], engine["production"]) == ("postgres", "15.18")
    page = (result.directory / "index.html").read_text()
    assert "another major version" in page
    assert "Not declared of production" in page


def test_a_fast_restore_of_little_data_meets_no_objective_and_another_database_s_collation_matters_to_nobody(
    workshop: Workshop,
) -> None:
    unlike = "{collation: {database: C.UTF-8, identity: de_DE.utf8}, data_gib: 400}"
    result = drilled(workshop, "little", unlike)
    assert result.returncode == 3, result.output
    open_ones = {name for name, outcome in result.outcomes.items() if outcome == "NOT_VERIFIED"}
    assert open_ones - {"objectives/schedule"} == {"objectives/rto"}
    (apart,) = [one for one in result.record["fidelity"] if one["subject"] == "collation" and one["differs"]]
    assert apart["here"].startswith("keycloak: ")
    time = result.record["recovery_time"]
    assert time["time_to_service_s"] < time["target_s"]
    assert time["met"] is None
    assert "400 GiB" in time["unjudged"]
    page = (result.directory / "index.html").read_text()
    told = page.partition("Service back (RTO)")[2].partition("Everything checked")[0]
    assert "not judged" in told
    assert "✔ met" not in told


def test_a_base_backup_of_another_version_is_not_verified_by_name(workshop: Workshop) -> None:
    base = workshop.directory / "base-backup"
    base.mkdir()
    (base / "PG_VERSION").write_text("15\n")
    began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    (base / "backup_label").write_text(f"START TIME: {began}\n")
    workshop.give(base)
    out: Path = workshop.give(workshop.directory / "adopted-base") / "set"
    done = workshop.run("adopt", "--base", base, "--contract", CONTRACT, "--synthetic", "--out", out)
    assert done.returncode == 0, done.output
    workshop.give(out)
    result = workshop.drill("--set", out)
    assert result.returncode == 3, result.output
    said = "base backup of PostgreSQL 15, which can't run under PostgreSQL 18"
    assert said in result.check("restore/schema")["reason"]
    assert {check["outcome"] for check in result.record["checks"] if check["mandatory"]} == {"NOT_VERIFIED"}
    assert said in result.record["headline"]

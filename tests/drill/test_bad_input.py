"""Bad input: a clear message, the right exit code, nothing left running, never a pass."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.workshop import CONTRACT, ROOT, Workshop


def contract_with(workshop: Workshop, name: str, old: str, new: str) -> Path:
    """The contract with one edit, where its relative paths still lead."""
    directory = workshop.directory / "contracts" / name
    directory.mkdir(parents=True)
    text = CONTRACT.read_text()
    assert old in text
    up = os.path.relpath(ROOT, directory)
    edited = text.replace(old, new, 1).replace("../../", f"{up}/")
    (directory / "stack.yaml").write_text(edited)
    shutil.copy(CONTRACT.with_name("runbook.md"), directory)
    return directory / "stack.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("unknown-key", "stack: wipe\n", "stack: wipe\ncolour: blue\n", "colour"),
        ("duplicate-key", "stack: wipe\n", "stack: wipe\nstack: wipe\n", "stack"),
        ("unknown-stage", "starts: objects", "starts: object", "object"),
    ],
)
def test_a_faulty_contract_does_not_start(
    name: str, old: str, new: str, said: str, workshop: Workshop
) -> None:
    done = workshop.refused(contract=contract_with(workshop, name, old, new))
    assert done.returncode == 2, done.output
    assert "stack.yaml:" in done.output
    assert said in done.output


def test_there_is_no_set(workshop: Workshop) -> None:
    done = workshop.refused("--set", workshop.directory / "nowhere")
    assert done.returncode == 2
    assert "there is no backup set here" in done.output


def test_a_set_of_another_stack(workshop: Workshop) -> None:
    copy = workshop.copy_of_set("foreign")
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "stack": "shop"}))
    workshop.give(copy)
    done = workshop.refused("--set", copy)
    assert done.returncode == 2
    assert "'shop'" in done.output


def test_the_wrong_identity(workshop: Workshop) -> None:
    other = workshop.directory / "other-identity.txt"
    assert workshop.run("keygen", other).returncode == 0
    other.chmod(0o644)
    done = workshop.refused("--identity", other)
    assert done.returncode == 2
    assert "does not decrypt" in done.output


def test_a_missing_artifact_is_failed_and_named(workshop: Workshop) -> None:
    copy = workshop.copy_of_set("incomplete")
    (copy / "release" / "openapi.json").unlink()
    drilled = workshop.drill("--set", copy, "-k", "set-identity")
    assert drilled.returncode == 1
    assert "release/openapi.json" in drilled.check("set/catalogue")["reason"]


def test_a_link_out_of_the_set_is_not_followed(workshop: Workshop) -> None:
    copy = workshop.copy_of_set("linked")
    (copy / "release" / "openapi.json").unlink()
    (copy / "release" / "openapi.json").symlink_to("/etc/passwd")
    done = workshop.refused("--set", copy)
    assert done.returncode == 2
    assert "release/openapi.json" in done.output


def test_an_unknown_fault(workshop: Workshop) -> None:
    done = workshop.refused("--fault", "no-such-fault")
    assert done.returncode == 2
    assert "no-such-fault" in done.output


def test_two_services_on_one_port(workshop: Workshop) -> None:
    edited = contract_with(workshop, "busy", "ports: {effects: 8025}", "ports: {effects: 1025}")
    done = workshop.refused(contract=edited)
    assert done.returncode == 3, done.output[-3000:]
    assert "smtp" in done.output
    assert "in use" in done.output


def test_no_user_namespaces(workshop: Workshop) -> None:
    reports = workshop.give(workshop.reports())
    arguments = workshop.drill_arguments(reports, "-k", "set-identity")
    done = workshop.execute([*workshop.without_namespaces(reports), *workshop.argv(*arguments)])
    assert done.returncode == 3, done.output
    assert "namespaces" in done.output or "sandbox" in done.output


def test_lint_names_both_scenarios_of_one_name(workshop: Workshop) -> None:
    project = workshop.project("twice")
    path = project / "features" / "consistency" / "proofs.feature"
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if "Scenario:" in line)
    again = [line.replace("@id:proof-object-keys", "@id:again") for line in lines[start:]]
    path.write_text("\n".join([*lines, "", *again]) + "\n")
    done = workshop.run("lint", CONTRACT, "--features", project / "features")
    assert done.returncode == 2
    assert f"proofs.feature:{start + 1}" in done.output or f"line {start + 1}" in done.output
    assert str(len(lines) + 2) in done.output


def test_a_typo_in_a_step_costs_no_restore(workshop: Workshop) -> None:
    project = workshop.project("typo")
    path = project / "features" / "consistency" / "proofs.feature"
    path.write_text(path.read_text().replace("every one of them is readable", "every one of them is redable"))
    done = workshop.refused("--features", project / "features")
    assert done.returncode == 2, done.output
    assert "consistency/proofs.feature:8: no step says Then 'every one of them is redable'" in done.output
    assert "did you mean 'every one of them is readable'?" in done.output
    assert "stage database" not in done.output


def test_nothing_of_it_is_left(workshop: Workshop) -> None:
    left = [one for name in ("run", "inputs", "faults") for one in (workshop.var / name).glob("*")]
    assert left == []

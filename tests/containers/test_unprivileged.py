"""In a container without privileges, as CI systems have them, the stack runs and is not called isolated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workshop import CONTRACT, ROOT, Done, Workshop


@pytest.fixture(scope="module")
def base() -> str:
    """What the images are built from: it is called otherwise where Debian's own can be pulled."""
    script = [ROOT / "compose" / "base_image.sh"]
    return subprocess.run(script, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout.strip()


@pytest.fixture(scope="module")
def var(workshop: Workshop) -> Path:
    """A copy of what a drill needs that belongs to whoever runs the tests, as a CI job's files do."""
    directory = workshop.directory / "unprivileged"
    for part in ("sets", "catalogue", "keys"):
        workshop.copy_into(part, directory)
    return directory


def drill(workshop: Workshop, base: str, var: Path, reports: Path, *more: object) -> Done:
    """A drill in a container: Debian's files, this machine's programs, and no network."""
    reports.mkdir(parents=True)
    # The cache may lie in a home that only its owner enters, and nothing is laid over homes here.
    places = [f"{workshop.directory}:{workshop.directory}", f"{workshop.cache}:/cache", f"{ROOT}:{ROOT}:ro"]
    if not Path(sys.base_prefix).is_relative_to("/usr"):  # the interpreter that the environment was made of
        places.append(f"{sys.base_prefix}:{sys.base_prefix}:ro")
    mounts = [part for place in ("/usr:/usr:ro", *places) for part in ("-v", place)]
    # Root inside becomes an ordinary user by itself; anybody else stays who they are.
    user = ["--user", f"{os.getuid()}:{os.getgid()}", "-v", "/etc/passwd:/etc/passwd:ro"]
    container = ["docker", "run", "--rm", "--network", "none", *mounts, *(user if os.getuid() else [])]
    # It may lie in root's home, which the user that a drill steps down to has to pass.
    passing = [] if os.getuid() else ["sh", "-c", 'chmod o+x /root && exec "$@"', "sh"]
    program = [*passing, sys.executable, "-m", "restoreproof.cli"]
    argv = [*program, "drill", CONTRACT, "--var", var, "--reports", reports]
    return workshop.execute([*map(str, (*container, "-w", ROOT, base, *argv, "--cache", "/cache", *more))])


def test_what_this_machine_signed_as_synthetic_passes_every_check_and_is_not_verified(
    workshop: Workshop, base: str, var: Path
) -> None:
    reports = workshop.reports()
    done = drill(workshop, base, var, reports)
    assert done.returncode == 3, done.output[-4000:]
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert {check["outcome"] for check in record["checks"] if check["mandatory"]} == {"PASSED"}
    assert any("not proven isolated" in reason for reason in record["incomplete"])
    assert not record["safety"]["isolated"]
    assert any("the signing key lay within the drill's reach" in note for note in record["notes"])


def test_any_other_set_is_refused_before_anything_of_it_is_opened_whatever_it_says_of_its_data(
    workshop: Workshop, base: str, var: Path
) -> None:
    reports = workshop.reports()
    (signature,) = (var / "catalogue").glob("*.dsse")
    hidden = signature.rename(signature.with_suffix(".hidden"))
    try:
        done = drill(workshop, base, var, reports)
    finally:
        hidden.rename(signature)
    assert done.returncode == 3, done.output[-4000:]
    assert "a backup set is not drilled where the target is not proven isolated" in done.output
    assert json.loads((reports / "latest" / "record.json").read_text())["verdict"] == "NOT VERIFIED"
    journal = (reports / "latest" / "journal.jsonl").read_text()
    assert "isolation-verdict" in journal
    assert "service-started" not in journal
    assert "secret-known" not in journal, "its secrets were not even read"


def test_nothing_that_could_read_the_key_is_allowed_either(workshop: Workshop, base: str, var: Path) -> None:
    reports = workshop.reports()
    done = drill(workshop, base, var, reports, "--allow-unisolated")
    assert done.returncode == 3, done.output[-4000:]
    assert "restored code could read the signing key" in " ".join(done.output.split())
    assert not list(reports.glob("2*")), "nothing was started"


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user has no private directory of root's to pass")
def test_a_checkout_below_a_private_directory_is_named_and_nothing_is_called_failed(
    workshop: Workshop, base: str
) -> None:
    places = ["/usr", str(ROOT), *([] if Path(sys.base_prefix).is_relative_to("/usr") else [sys.base_prefix])]
    mounts = [part for place in places for part in ("-v", f"{place}:{place}:ro")]
    container = ["docker", "run", "--rm", "--network", "none", *mounts, "-w", str(ROOT), base]
    private = ["sh", "-c", f'chmod 700 {ROOT.parent} && exec "$@"', "sh"]
    program = [*private, sys.executable, "-m", "restoreproof.cli", "drill", str(CONTRACT)]
    written = ["--var", "/srv/var", "--reports", "/srv/reports", "--cache", "/srv/cache"]
    done = workshop.execute([*container, *program, *written])
    assert done.returncode == 3, done.output[-4000:]
    assert "is out of reach: only the owner may enter /" in done.output
    assert "next: `chmod o+x /" in done.output

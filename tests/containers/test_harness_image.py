"""The harness's own image: an ordinary user, nothing of the machine that built it, and the same answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workshop import ROOT, Workshop

_IMAGE = "restoreproof/restoreproof:0.1.0"


@pytest.fixture(scope="module")
def image() -> str:
    """The image, if this machine has it."""
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed; `make test-containers` as root installs it")
    if subprocess.run(["docker", "image", "inspect", _IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"no Docker daemon with {_IMAGE}; `make images` builds it")
    return _IMAGE


def _run(image: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = ["docker", "run", "--rm", "--network", "none", "--cap-drop", "ALL", *options, image, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_it_runs_as_an_ordinary_user(image: str) -> None:
    """Not as root, and it may write where it works."""
    done = _run(image, "-c", "id -u; touch /work/mine && echo written", options=("--entrypoint", "sh"))
    assert done.stdout.split() == ["10001", "written"]


def test_no_build_secret_stays_in_it(image: str) -> None:
    """What the build trusted was mounted while it ran, and is gone."""
    history = subprocess.run(
        ["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "PIP_CERT=" not in history.stdout
    done = _run(image, "-c", "ls -A /run/secrets 2>/dev/null; env", options=("--entrypoint", "sh"))
    assert "CERT" not in done.stdout


def test_it_refuses_a_key_that_is_none_with_a_next_step(image: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "drill.pub").write_text("no key\n")
    mounted = ("-v", f"{tmp_path}:/evidence:ro")
    done = _run(image, "verify", "/evidence", "--key", "/evidence/drill.pub", options=mounted)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("restoreproof: /evidence/drill.pub is not a public key that can be used:")
    assert "\n  next: name the file made with the key: drill.pub\n" in done.stderr


def test_it_finds_a_drills_evidence_authentic_and_a_changed_one_not(
    image: str, workshop: Workshop, tmp_path: Path
) -> None:
    """As docs/containers.md has it: report and key from the machine, read-only, and no network."""
    drilled = workshop.drill()
    assert drilled.record["verdict"] == "VERIFIED", drilled.output
    reports = tmp_path / "reports"
    shutil.copytree(drilled.directory.parent, reports, symlinks=True)
    mounted = _readable(reports, workshop.var / "keys" / "drill.pub")
    asked = ("verify", f"reports/{drilled.directory.name}", "--key", "signing.pub")
    done = _run(image, *asked, options=mounted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AUTHENTIC" in done.stdout
    assert done.stdout.splitlines()[-1] == "VERIFIED"
    with (reports / drilled.directory.name / "record.json").open("a") as record:
        record.write(" ")
    done = _run(image, *asked, options=mounted)
    assert done.returncode == 1
    assert "record.json" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("NOT AUTHENTIC")


def _readable(reports: Path, key: Path) -> tuple[str, ...]:
    """The mounts of evidence and key for the image's own user."""
    copy = reports.with_name("signing.pub")
    shutil.copyfile(key, copy)
    for path in (*reports.parents[:2], copy, reports, *reports.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return ("-v", f"{reports}:/work/reports:ro", "-v", f"{copy}:/work/signing.pub:ro")


def test_allures_generator_is_in_it(image: str) -> None:
    """A drill in a container asks no network for it."""
    ask = "from restoreproof.views.allure.report import ensure_tool; print(ensure_tool())"
    done = _run(image, "-c", ask, options=("--entrypoint", "python", "--read-only"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("/opt/cache/restoreproof/allure-")


def test_the_commands_of_a_contract_find_postgresqls_clients(image: str) -> None:
    """Those of the harness: a dump of the newest PostgreSQL is restored by no older one's."""
    done = _run(image, "-c", "psql --version && pg_restore --version", options=("--entrypoint", "sh"))
    assert done.returncode == 0, done.stderr
    assert [line.split()[2].partition(".")[0] for line in done.stdout.splitlines()] == ["18", "18"]


def test_a_contract_with_a_foreign_target_lints_in_it(image: str) -> None:
    """Nothing that the contract's own components load was left out of the image."""
    place = ("-v", f"{ROOT / 'examples' / 'managed-snapshot'}:/work:ro")
    done = _run(image, "lint", "stack.yaml", "--features", "features", options=place)
    assert done.returncode == 0, done.stdout + done.stderr

"""A statement about a role that the server refuses leaves its password or verifier in no evidence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from restoreproof.assets.vault import Vault
from restoreproof.contract import load
from restoreproof.drill.secret_tracking import SecretTracking
from restoreproof.redaction.password_hashes import PASSWORD_HASHES
from restoreproof.redaction.redactor import MASK, Redactor
from tests.attack.conftest import attempt, evidence_text
from tests.workshop import CONTRACT, Workshop

GLOBALS = "postgres/database/globals.sql"


@pytest.fixture(scope="module")
def verifier(workshop: Workshop) -> str:
    """What production's role logs in by, as the backup holds it."""
    (found,) = re.findall(r"ROLE wipe_app WITH .*(SCRAM-SHA-256[^']+)", (workshop.set / GLOBALS).read_text())
    return str(found)


@pytest.mark.parametrize(
    "spoilt", ["ALTER ROLE wipe_app WITH NONSENSE ", "ALTER ROLE wipe_app WITH VALID UNTIL 'no day' "]
)
def test_a_refused_statement_shows_no_verifier(spoilt: str, workshop: Workshop, verifier: str) -> None:
    copy = workshop.copy_of_set(f"verifier-{len(spoilt)}")
    path = copy / GLOBALS
    path.write_text(path.read_text().replace("ALTER ROLE wipe_app WITH ", spoilt, 1))
    workshop.give(copy)
    done, evidence = attempt(workshop, "--set", copy)
    assert done.returncode == 1, done.output
    assert "the server refused a role of postgres/database/globals.sql" in done.output
    salt = verifier.partition("$")[2].partition("$")[0].partition(":")[2]
    everything = evidence_text(evidence)
    for secret in (verifier, salt, "SCRAM-SHA-256$"):
        assert secret not in done.output
        assert secret not in everything
    assert "ERROR:" in (evidence / "logs" / "postgres.log").read_text(), "the log still says what was refused"


@pytest.mark.parametrize("form", PASSWORD_HASHES, ids=[form.name for form in PASSWORD_HASHES])
def test_a_hash_of_anybody_is_masked_and_looked_for_before_sealing(form: object, tmp_path: Path) -> None:
    sample = form.sample()
    assert Redactor().data(b"STATEMENT:  set password '" + sample.strip() + b"'") == (
        b"STATEMENT:  set password '" + MASK.encode() + b"'"
    )
    (tmp_path / "postgres.log").write_bytes(b"STATEMENT:  set password '" + sample.strip() + b"'")
    tracking = SecretTracking(Vault({}, b""), None, load(CONTRACT))
    assert [leak.rule for leak in tracking.leaks(tmp_path)] == [form.name]

"""Forgeries that are really different, and canonical forms that are really canonical."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785

from restoreproof.checks.base import Findings
from restoreproof.checks.verification import VerificationSurvey, altered, not_canonical
from restoreproof.outcome import Outcome

DOCUMENT = {"number": "C-1", "issued_at": "2026-01-01T00:00:00Z", "seq": 4, "serial": "X0"}
CANONICAL = rfc8785.dumps(DOCUMENT)


@pytest.mark.parametrize("place", range(7))
def test_a_forgery_differs_in_one_text_by_one_character(place: int) -> None:
    content = altered(CANONICAL, place)
    assert content is not None
    changed = {name: value for name, value in json.loads(content).items() if value != DOCUMENT[name]}
    assert len(changed) == 1
    [(name, value)] = changed.items()
    assert len(value) == len(str(DOCUMENT[name]))


@pytest.mark.parametrize("content", [b"%PDF", b"[1]", b'{"a": 1}', b'{"a": ""}'])
def test_what_has_no_text_cannot_be_altered(content: bytes) -> None:
    assert altered(content, 0) is None


def test_canonical_content_of_the_recorded_digest_is_accepted() -> None:
    assert not_canonical(CANONICAL, hashlib.sha256(CANONICAL).hexdigest()) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (CANONICAL.replace(b"C-1", b"C-2"), "digest"),
        (json.dumps(DOCUMENT).encode(), "canonical form"),
        (b'{"a":1,"a":1}', "canonical form"),
        (b"{", "no canonical JSON"),
        (b"[NaN]", "no canonical JSON"),
    ],
)
def test_everything_else_is_told_apart(content: bytes, problem: str) -> None:
    recorded = CANONICAL if problem == "digest" else content
    assert problem in (not_canonical(content, hashlib.sha256(recorded).hexdigest()) or "")


def _survey(*, believed: int = 0, forged: int = 20, of: int | None = 10) -> VerificationSurvey:
    findings = Findings()
    for number in range(believed):
        findings.add(f"{number}: is confirmed")
    return VerificationSurvey("verify", 10, 10, of, "all", Findings(), forged, findings)


def test_every_forgery_has_to_be_refused() -> None:
    assert _survey().refuses().outcome is Outcome.PASSED
    assert _survey(believed=1).refuses().outcome is Outcome.FAILED


def test_forgeries_that_were_never_shown_prove_nothing() -> None:
    assert _survey(forged=10).refuses().outcome is Outcome.FAILED
    assert _survey(forged=0, of=0).refuses().outcome is Outcome.NOT_VERIFIED
    assert _survey(of=None).refuses().outcome is Outcome.NOT_VERIFIED

"""Everything that can be said of evidence without recomputing its record."""

from __future__ import annotations

from restoreproof.verifier.answers import Answer, Question
from restoreproof.verifier.approval import tell_sign_offs
from restoreproof.verifier.chain import check_ledger
from restoreproof.verifier.files import check_files, read_json
from restoreproof.verifier.formats import RECORD
from restoreproof.verifier.sealed import check_attestation, check_record

_MALFORMED = (KeyError, TypeError, AttributeError, ValueError, RecursionError)


def examine(asked: Question) -> Answer:
    """Return what can be said of the evidence without recomputing its record."""
    answer = Answer()
    check_files(asked.directory, answer)
    record = read_json(asked.directory / RECORD, answer)
    if record is None:
        return answer
    try:
        check_record(asked, answer, record)
        check_attestation(asked, answer, record)
    except _MALFORMED as error:
        answer.refuse(RECORD, f"lacks what every record has ({type(error).__name__}: {error})")
    try:
        check_ledger(asked, answer, record)
    except _MALFORMED as error:
        answer.refuse("ledger", f"or the record lacks what each has ({type(error).__name__}: {error})")
    tell_sign_offs(asked, answer)
    return answer

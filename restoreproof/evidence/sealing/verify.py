"""All that can be said of sealed evidence: what needs only the files, and the record recomputed."""

from __future__ import annotations

import json

from pydantic import ValidationError

from restoreproof.errors import EvidenceError
from restoreproof.evidence.bundle import JOURNAL
from restoreproof.evidence.checking.answers import Answer, Question
from restoreproof.evidence.checking.examining import examine
from restoreproof.evidence.checking.files import read
from restoreproof.evidence.checking.formats import PLAN, RECORD
from restoreproof.evidence.record import reduce
from restoreproof.journal import read_journal
from restoreproof.plan import Plan


def verify(asked: Question) -> Answer:
    """Whether the evidence is authentic, fresh and VERIFIED, and every reason why not."""
    answer = examine(asked)
    recompute(asked, answer)
    return answer


def recompute(asked: Question, answer: Answer) -> None:
    """Refuse a record that is not, byte for byte, what plan and journal give."""
    # A file that is no ordinary file has its finding already, and is not opened.
    quiet = Answer()
    plan_text, journal, record = (read(asked.directory / name, quiet) for name in (PLAN, JOURNAL, RECORD))
    if plan_text is None or journal is None or record is None:
        return
    try:
        plan = Plan.from_json(json.loads(plan_text))
        told = reduce(plan, read_journal(asked.directory / JOURNAL)).text().encode()
    except (EvidenceError, ValidationError, ValueError, RecursionError) as error:
        answer.refuse(JOURNAL, f"gives no record with {PLAN}: {error}")
        return
    if told != record:
        answer.refuse(RECORD, f"is not what {PLAN} and {JOURNAL} give when the record is made anew")

"""All that can be said of sealed evidence: what needs only the files, and the record recomputed."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from restoreproof import __version__
from restoreproof.errors import EvidenceError
from restoreproof.evidence.bundle import JOURNAL
from restoreproof.evidence.checking.answers import Answer, Question
from restoreproof.evidence.checking.examining import examine
from restoreproof.evidence.checking.files import read
from restoreproof.evidence.checking.formats import PLAN, RECORD
from restoreproof.evidence.record import reduce
from restoreproof.journal import read_journal
from restoreproof.plan import Plan

THIS = f"restoreproof {__version__}"


class Unreproducible(Exception):
    """The record is not what plan and journal give."""


def verify(asked: Question) -> Answer:
    """Whether the evidence is authentic, fresh and VERIFIED, and every reason why not."""
    answer = examine(asked)
    # A file that is missing or no ordinary file has its finding already, and is not opened.
    unreadable = Answer()
    for name in (PLAN, JOURNAL, RECORD):
        read(asked.directory / name, unreadable)
    if not unreadable.findings:
        try:
            reproduced(asked.directory)
        except Unreproducible as error:
            _judge(asked.directory, answer, str(error))
    return answer


def _judge(directory: Path, answer: Answer, error: str) -> None:
    """A record that can't be made anew is refused, unless another version of this program made it."""
    made_by = json.loads((directory / RECORD).read_bytes()).get("harness") if not answer.findings else THIS
    if made_by == THIS:
        answer.refuse(RECORD, error)
    else:
        answer.notes.append(f"the record was not recomputed: {made_by} made it, and this is {THIS}")


def reproduced(directory: Path) -> None:
    """Raise Unreproducible unless the record is, byte for byte, what plan and journal give."""
    try:
        plan = Plan.from_json(json.loads((directory / PLAN).read_bytes()))
        told = reduce(plan, read_journal(directory / JOURNAL)).text().encode()
        record = (directory / RECORD).read_bytes()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise Unreproducible(f"{PLAN} is no plan: {at}: {first['msg']}") from error
    except (EvidenceError, ValueError, OSError, RecursionError) as error:
        raise Unreproducible(f"{PLAN} and {JOURNAL} give no record: {error}") from error
    if told != record:
        raise Unreproducible(f"is not what {PLAN} and {JOURNAL} give when the record is made anew")

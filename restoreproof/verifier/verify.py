"""All that can be said of sealed evidence: what needs only the files, and the record recomputed."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from restoreproof.errors import EvidenceError
from restoreproof.journal.read import read_journal
from restoreproof.plan import Plan
from restoreproof.record.build import code_sha256, harness_build, spoken
from restoreproof.record.reduce import reduce
from restoreproof.verifier.answers import Answer, Question
from restoreproof.verifier.examination import examine
from restoreproof.verifier.files import read
from restoreproof.verifier.formats import PLAN, RECORD
from restoreproof.views.bundle import JOURNAL


class Unreproducible(Exception):
    """Record that is not what plan and journal give."""


def verify(asked: Question) -> Answer:
    """Answer whether the evidence is authentic, fresh and VERIFIED, with every reason why not."""
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
    """A record that can't be made anew is refused, unless other code than this made it."""
    maker = None if answer.findings else made_elsewhere(directory)
    if maker is None:
        answer.refuse(RECORD, error)
    else:
        answer.not_recomputed(f"{maker} made it, and this is {this()}")


def this() -> str:
    """Name the program that runs here, with its commit."""
    build = harness_build()
    return spoken(f"restoreproof {build.version}", build.git_commit)


def made_elsewhere(directory: Path) -> str | None:
    """Name the program that made the record, if by its own word other code than this did; else None."""
    try:
        record = json.loads((directory / RECORD).read_bytes())
        build = record.get("harness_build") or {}
        if build.get("code_sha256") == code_sha256():
            return None
        return spoken(str(record.get("harness")), build.get("git_commit"))
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def reproduced(directory: Path) -> None:
    """Raise Unreproducible unless the record is, byte for byte, what plan and journal give."""
    try:
        plan = Plan.from_json(json.loads((directory / PLAN).read_bytes()))
        remade = reduce(plan, read_journal(directory / JOURNAL)).text().encode()
        record = (directory / RECORD).read_bytes()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise Unreproducible(f"{PLAN} is no plan: {at}: {first['msg']}") from error
    except (EvidenceError, ValueError, OSError, RecursionError) as error:
        raise Unreproducible(f"{PLAN} and {JOURNAL} give no record: {error}") from error
    if remade != record:
        raise Unreproducible(f"is not what {PLAN} and {JOURNAL} give when the record is made anew")

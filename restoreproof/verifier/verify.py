"""All that can be said of sealed evidence: what needs only the files, and the record recomputed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from pydantic import ValidationError

from restoreproof.bounded_file import read_bounded
from restoreproof.errors import EnvironmentUnfitError, EvidenceError
from restoreproof.journal.read import read_journal
from restoreproof.plan import Plan
from restoreproof.record.build import code_sha256, harness_build, spoken
from restoreproof.record.reduce import reduce
from restoreproof.verifier.answers import Answer, Question
from restoreproof.verifier.examination import examine
from restoreproof.verifier.files import MAX_READ, read
from restoreproof.verifier.formats import JOURNAL, PLAN, RECORD
from restoreproof.verifier.remake import remake


class Unreproducible(Exception):
    """Record that is not what plan and journal give."""


def verify(asked: Question, rerender: bool | None = False) -> Answer:
    """Answer whether the evidence is authentic, fresh and VERIFIED, with every reason why not.

    Args:
        rerender: hold the views against views that are rendered anew; None does so where this very program
            made them and has what it needs.

    Raises:
        EnvironmentUnfitError: the views were to be rendered, and what a view needs is missing here.
    """
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
        else:
            if rerender is not False:
                _hold_views(asked.directory, answer, demanded=rerender is True)
    return answer


def _hold_views(directory: Path, answer: Answer, *, demanded: bool) -> None:
    """Refuse every view that is not what this program makes of plan and journal."""
    maker = made_elsewhere(directory)
    if maker:
        answer.notes.append(f"the views were not rendered anew: {maker} made them, and this is {this()}")
        return
    with tempfile.TemporaryDirectory(prefix="restoreproof-verify-") as scratch:
        try:
            remade = remake(directory, Path(scratch))
        except EnvironmentUnfitError as error:
            if demanded:
                raise
            answer.notes.append(f"the views were not rendered anew: {error.message}")
            return
        except EvidenceError as error:
            answer.refuse(PLAN, f"and {JOURNAL} give no views: {error.message}")
            return
    for name, what in remade.unlike:
        answer.refuse(name, what)
    if remade.own:
        answer.notes.append(
            f"every other view was rendered anew and is the same; not compared: {', '.join(remade.own)}"
        )


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
        record = json.loads(read_bounded(directory / RECORD, MAX_READ))
        build = record.get("harness_build") or {}
        if build.get("code_sha256") == code_sha256():
            return None
        return spoken(str(record.get("harness")), build.get("git_commit"))
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return None


def reproduced(directory: Path) -> None:
    """Raise Unreproducible unless the record is, byte for byte, what plan and journal give."""
    try:
        plan = Plan.from_json(json.loads(read_bounded(directory / PLAN, MAX_READ)))
        remade = reduce(plan, read_journal(directory / JOURNAL)).text().encode()
        record = read_bounded(directory / RECORD, MAX_READ)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise Unreproducible(f"{PLAN} is no plan: {at}: {first['msg']}") from error
    except (EvidenceError, ValueError, OSError, RecursionError) as error:
        raise Unreproducible(f"{PLAN} and {JOURNAL} give no record: {error}") from error
    if remade != record:
        raise Unreproducible(f"is not what {PLAN} and {JOURNAL} give when the record is made anew")

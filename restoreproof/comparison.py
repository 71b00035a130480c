"""A comparison of two drills of one set: outcomes, and what was examined for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from restoreproof.bounded_file import read_bounded
from restoreproof.errors import EvidenceError, Location, UsageError
from restoreproof.outcome import Observation
from restoreproof.record.model import CheckRecord, Record
from restoreproof.verifier.files import MAX_READ
from restoreproof.verifier.formats import RECORD

_WHERE = "name the directory of one drill, such as reports/latest"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between two records, in words."""

    subject: str
    first: str
    second: str


def read_record(directory: Path) -> Record:
    """Return the record in a drill's evidence, whether or not its seal holds.

    Raises:
        EvidenceError: there is none, or it is not one.
    """
    path = directory / RECORD
    where = Location(str(path))
    try:
        return Record.from_json(json.loads(read_bounded(path, MAX_READ)))
    except OSError as error:
        raise EvidenceError(f"can't read the record: {error.strerror}", where=where, hint=_WHERE) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "file"
        hint = "render it anew with this version: restoreproof report DIR --out NEW"
        raise EvidenceError(f"not a record: {at}: {first['msg']}", where=where, hint=hint) from error
    except RecursionError as error:
        raise EvidenceError("not a record: it is nested too deeply", where=where, hint=_WHERE) from error
    except ValueError as error:
        raise EvidenceError(f"not a record: {error}", where=where, hint="fetch the evidence again") from error


def refuse_same_runtime(first: Record, second: Record) -> None:
    """Raise UsageError unless the two name different runtimes: a drill is always like its own kind."""
    here, there = first.target.runtime, second.target.runtime
    if here is None or there is None or here == there:
        raise UsageError(
            f"drills in different runtimes were to be compared, and these ran in {here} and {there}",
            hint="drill the same set with another --runtime",
        )


def differences(first: Record, second: Record) -> list[Difference]:
    """Return what two records say differently: verdict, each check's outcome, what its observations examined.

    Raises:
        UsageError: they are of different sets or features, so that no difference would mean anything.
    """
    for what, of_first, of_second in (
        ("set", first.backup_set.set_id, second.backup_set.set_id),
        ("features", first.plan.features_sha256, second.plan.features_sha256),
        ("part of the features", first.plan.selection, second.plan.selection),
    ):
        if of_first != of_second:
            raise UsageError(
                f"drills of a different {what} can't be compared: {of_first} and {of_second}",
                hint="drill the same set with the same features twice",
            )
    return list(_told_differently(first, second))


def _told_differently(first: Record, second: Record) -> Iterator[Difference]:
    if first.verdict is not second.verdict:
        yield Difference("verdict", str(first.verdict), str(second.verdict))
    there = {check.id: check for check in second.checks}
    for check in first.checks:
        account, counterpart = (
            _account(check),
            _account(there.pop(check.id)) if check.id in there else "absent",
        )
        if account != counterpart:
            yield Difference(check.id, account, counterpart)
    for check in there.values():
        yield Difference(check.id, "absent", _account(check))


def _account(check: CheckRecord) -> str:
    """Return a check's outcome, and for each observation its end, what it examined and what was wrong.

    A record keeps only so many observations; of all of them it has the sums.
    """
    parts = [str(check.outcome), *map(_observed, check.observations)]
    if check.observations_total != len(check.observations):
        parts.append(
            f"in all {check.observations_total} observations, {check.passed_total} of them passed, "
            f"{check.examined_total} of {check.of_total} examined"
        )
    return "; ".join(parts)


def _observed(observation: Observation) -> str:
    wrong = f", {observation.findings_total} found wrong" if observation.findings_total else ""
    return f"{observation.outcome} {_count(observation.examined)} of {_count(observation.of)}{wrong}"


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)

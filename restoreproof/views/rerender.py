"""Views of a drill made anew from its plan and journal, and held against those that were sealed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from restoreproof.bounded_file import read_bounded
from restoreproof.errors import EvidenceError, Location
from restoreproof.events import LogsKept
from restoreproof.journal.read import read_journal
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.verifier.files import MAX_READ
from restoreproof.verifier.formats import JOURNAL, PLAN, SUMS, UNLISTED, sha256_of
from restoreproof.views.render import render

GIVEN = frozenset({PLAN, JOURNAL})
GENERATED = frozenset({"allure-report.html"})
"""Made by Allure, with identifiers that are new each time: its results are a function of plan and journal."""


@dataclass(frozen=True, slots=True)
class RenderComparison:
    """Names of rendered files, by whether the bytes are those that lie in the evidence.

    ``added`` lie in the evidence, and are neither rendered nor a log as the journal names it.
    """

    same: tuple[str, ...]
    different: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the evidence is what was rendered, byte for byte, and nothing else."""
        return bool(self.same) and not self.different and not self.missing and not self.added


def is_sealed(directory: Path) -> bool:
    """Return whether the evidence carries a seal, and so must not be touched."""
    return (directory / SUMS).exists()


def render_again(directory: Path, into: Path | None = None) -> Record:
    """Render every view of the evidence in ``directory``, there or ``into`` an empty directory.

    Raises:
        EvidenceError: there is no plan or journal, they can't be read, or a view can't be written.
    """
    plan = _plan(directory / PLAN)
    if not (directory / JOURNAL).is_file():
        raise EvidenceError("there is no journal here", where=Location(str(directory / JOURNAL)), hint=_WHERE)
    if into is None:
        return render(directory, plan)
    into.mkdir(parents=True, exist_ok=True)
    for name in sorted(GIVEN):
        shutil.copyfile(directory / name, into / name)
    return render(into, plan)


def compare(rendered: Path, evidence: Path) -> RenderComparison:
    """Hold each rendered file against the one of that name in ``evidence``."""
    same: list[str] = []
    different: list[str] = []
    missing: list[str] = []
    for path in sorted(path for path in rendered.rglob("*") if path.is_file()):
        name = path.relative_to(rendered).as_posix()
        if name in GIVEN or name in GENERATED:
            continue
        there = evidence / name
        if not there.is_file():
            missing.append(name)
        else:
            (same if there.read_bytes() == path.read_bytes() else different).append(name)
    return RenderComparison(tuple(same), tuple(different), tuple(missing), tuple(_added(rendered, evidence)))


def _added(rendered: Path, evidence: Path) -> Iterator[str]:
    """Yield the files of the evidence that plan and journal say nothing of."""
    logs = {f"logs/{name}": sha256 for name, sha256 in _logs(evidence / JOURNAL)}
    for path in sorted(path for path in evidence.rglob("*") if not path.is_dir()):
        name = path.relative_to(evidence).as_posix()
        ours = name in GIVEN or name in UNLISTED or (rendered / name).is_file()
        if not ours and not (name in logs and path.is_file() and sha256_of(path) == logs[name]):
            yield name


def _logs(journal: Path) -> Iterator[tuple[str, str]]:
    for line in read_journal(journal):
        if isinstance(line.event, LogsKept):
            yield from ((file.name, file.sha256) for file in line.event.files)


_WHERE = "name the directory of one drill, such as reports/latest"


def _plan(path: Path) -> Plan:
    where = Location(str(path))
    try:
        return Plan.from_json(json.loads(read_bounded(path, MAX_READ)))
    except OSError as error:
        raise EvidenceError(f"can't read the plan: {error.strerror}", where=where, hint=_WHERE) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "file"
        raise EvidenceError(
            f"not a plan: {at}: {first['msg']}", where=where, hint="fetch the evidence again"
        ) from error
    except RecursionError as error:
        raise EvidenceError("not a plan: it is nested too deeply", where=where, hint=_WHERE) from error
    except ValueError as error:
        raise EvidenceError(f"not a plan: {error}", where=where, hint="fetch the evidence again") from error

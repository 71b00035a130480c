"""What waits in the restored queues, against the catalogue and the review that lets workers resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.dataset import open_database, restored_parameters
from restoreproof.assets.query_results import known_letters, known_queues
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation

Counts = Mapping[str, Mapping[str, int]]
"""Queue → class → items."""


def waiting_in(stack_context: StackContext) -> dict[str, dict[str, int]]:
    """Count queue → class → items that wait."""
    return {name: counted(stack_context, name) for name in stack_context.contract.queues}


def counted(stack_context: StackContext, name: str) -> dict[str, int]:
    """Count class → items of one queue. Raises ContractError if the contract has no such queue."""
    queue = stack_context.contract.queues.get(name)
    if queue is None:
        raise ContractError(f"the contract has no queue {name!r}")
    with open_database(stack_context, queue.database) as database:
        return {str(row["kind"]): int(row["items"]) for row in database.rows(queue.sql)}


def unexpected(waiting: Counts, limits: Counts) -> list[str]:
    """Return every class that ``limits`` do not list, or of which more wait than they allow."""
    problems: list[str] = []
    for queue, classes in waiting.items():
        for name, items in sorted(classes.items()):
            allowed = limits.get(queue, {}).get(name)
            if allowed is None:
                problems.append(f"{queue}: {items} of the unlisted class {name!r}")
            elif items > allowed:
                problems.append(f"{queue}: {items} of {name!r}, at most {allowed} are expected")
    return problems


def differences(catalogued: Counts, waiting: Counts) -> Findings:
    """Return every class of which there are not as many as the catalogue counted."""
    findings = Findings()
    for queue in sorted(catalogued.keys() | waiting.keys()):
        wanted, present = catalogued.get(queue, {}), waiting.get(queue, {})
        for name in sorted(wanted.keys() | present.keys()):
            if wanted.get(name, 0) != present.get(name, 0):
                findings.add(
                    f"{queue}: {present.get(name, 0)} of {name!r}, the backup held {wanted.get(name, 0)}"
                )
    return findings


def total(counts: Counts) -> int:
    """Return all items of all queues."""
    return sum(items for classes in counts.values() for items in classes.values())


@check("queues", covers="queue")
@dataclass(frozen=True, slots=True)
class QueueSurvey:
    """Every queue by class, what the backup held, and what the review expects."""

    waiting: Counts
    catalogued: Counts | None
    limits: Counts | None
    approver: str

    @when("the restored queues are reviewed")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> QueueSurvey:
        """Count every queue by class."""
        review = restore_context.stack_context.contract.review
        return cls(
            waiting_in(restore_context.stack_context),
            known_queues(restore_context),
            review.limits if review else None,
            review.approver if review else "",
        )

    @then("they hold what they held when the backup was taken")
    def as_backed_up(self) -> Observation:
        """Every class has as many items waiting as it had when the backup was taken."""
        expected = "every queue holds what it held when the backup was taken"
        if self.catalogued is None:
            return not_verified(expected, "there is no catalogue that counted the queues")
        findings = differences(self.catalogued, self.waiting)
        observed = "; ".join(f"{queue}: {sum(counts.values())}" for queue, counts in self.waiting.items())
        return conclude(
            expected,
            observed,
            findings,
            examined=total(self.waiting),
            total=total(self.catalogued),
            zero_is_right=True,
        )

    @then("they hold only what the review expects")
    def expected_only(self) -> Observation:
        """Nothing waits that the review does not list, and of nothing more than it allows."""
        expected = f"only what {self.approver or 'the review'} expects waits in the queues"
        if self.limits is None:
            return not_verified(expected, "the contract names no review")
        findings = Findings()
        for problem in unexpected(self.waiting, self.limits):
            findings.add(problem)
        classes = sum(len(counts) for counts in self.waiting.values())
        observed = f"{total(self.waiting)} items of {classes} classes reviewed"
        return conclude(
            expected,
            observed,
            findings,
            examined=total(self.waiting),
            total=None if self.catalogued is None else total(self.catalogued),
            zero_is_right=True,
        )


@check("dead letters untouched")
@dataclass(frozen=True, slots=True)
class UntouchedQueue:
    """One queue that resuming must not have touched.

    ``letters`` and ``known_letters`` are the identities of what waits and of what the backup held; None where
    the contract or the catalogue has none, and only counts and times can be compared.
    """

    queue: str
    waiting: Mapping[str, int]
    catalogued: Mapping[str, int] | None
    taken: datetime | None
    letters: frozenset[str] | None = None
    known_letters: frozenset[str] | None = None

    @when('the items of "{queue}" are compared with the catalogue')
    @classmethod
    def look(cls, restore_context: RestoreContext, queue: Annotated[str, Ref("queue")]) -> UntouchedQueue:
        """Look at ``queue`` again, after the workers have resumed."""
        stack_context, catalogued = restore_context.stack_context, known_queues(restore_context)
        return cls(
            queue,
            counted(stack_context, queue),
            catalogued.get(queue) if catalogued else None,
            first_taken(restore_context, queue),
            letters_in(stack_context, queue),
            known_letters(restore_context, queue),
        )

    @then("none was replayed or lost")
    def untouched(self) -> Observation:
        """What the backup held is still in it: none was replayed or lost."""
        if self.letters is not None and self.known_letters is not None:
            return self._same_letters(self.letters, self.known_letters)
        return self._same_counts()

    def _same_letters(self, letters: frozenset[str], catalogued: frozenset[str]) -> Observation:
        findings = Findings()
        for gone in sorted(catalogued - letters):
            findings.add(f"{self.queue}: {gone} is gone, replayed or lost")
        kept, new = len(catalogued & letters), len(letters - catalogued)
        return conclude(
            f"each of the {self.queue} of the backup still waits: none was replayed, none was lost",
            f"{kept} of {len(catalogued)} still wait" + (f", {new} are new since" if new else ""),
            findings,
            examined=len(catalogued),
            total=len(catalogued),
            zero_is_right=True,
        )

    def _same_counts(self) -> Observation:
        expected = f"the {self.queue} are those of the backup: none was replayed, none was added"
        if self.catalogued is None:
            return not_verified(expected, "there is no catalogue that counted the queue")
        findings = differences({self.queue: self.catalogued}, {self.queue: self.waiting})
        if self.taken:
            findings.add(f"{self.queue}: touched at {self.taken:%H:%M:%S.%f} UTC")
        examined = sum(self.waiting.values())
        return conclude(
            expected,
            f"{examined} of them, as in the backup" if not findings.total else f"{examined} of them",
            findings,
            examined=examined,
            total=sum(self.catalogued.values()),
            zero_is_right=True,
        )


def letters_in(stack_context: StackContext, name: str) -> frozenset[str] | None:
    """Return the identity of every item of the queue, where the contract says how to tell them apart."""
    queue = stack_context.contract.queues[name]
    if queue.items is None:
        return None
    with open_database(stack_context, queue.database) as database:
        return frozenset(str(row["item"]) for row in database.rows(queue.items))


def first_taken(restore_context: RestoreContext, name: str) -> datetime | None:
    """Return when an item of the queue was first taken or added since the recovery point; None if none was.

    The stack's own rows say so (``taken`` in the contract), not the harness.
    """
    stack_context = restore_context.stack_context
    queue = stack_context.contract.queues[name]
    if queue.taken is None:
        return None
    values = restored_parameters(restore_context, queue.database, queue.taken)
    with open_database(stack_context, queue.database) as database:
        moment: datetime | None = database.value(queue.taken, values)
    return moment

"""The restore order, enforced: stages are performed one after the other, once, and never backwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial, reduce
from typing import Any, TypeVar, cast

from restoreproof.assets.base import Asset, RestoreContext, RestoreFailed
from restoreproof.backups.missing import PartMissing
from restoreproof.backups.references import Reference
from restoreproof.checks.phrases import kind_of
from restoreproof.contract.services import RESTORED, Service
from restoreproof.drill.inner.queue_review import Gate
from restoreproof.drill.inner.service_logs import queries_of, tell_logs
from restoreproof.drill.missing_parts import Absences
from restoreproof.errors import RestoreproofError, StageOrderError
from restoreproof.events import Asked, Emitter, Observed, StageDone, StageEntered, StageFailed
from restoreproof.outcome import Observation, require_passed
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import ReferenceLost, Start

Survey = TypeVar("Survey")


class StageNotReached(Exception):
    """A stage can't be performed, because it or one before it failed."""


@dataclass(frozen=True, slots=True)
class StageHooks:
    """Work that belongs between stages: called before a stage begins or after it is done, with its name."""

    before: Sequence[Callable[[str], None]] = ()
    after: Sequence[Callable[[str], None]] = ()


class Drill:
    """Sequencing only: which stage is next, what a stage consists of, and what was observed in it.

    Args:
        restoring: the ground, the set and the catalogue.
        order: the stages in the order in which they are performed.
        gates: what must be approved before a stage is entered.
        hooks: further work between stages; faults use it.
        absences: what an adopted set turns out to lack.
        weigh: what an observation of a check is worth, where the target is not as production.
    """

    def __init__(
        self,
        restore_context: RestoreContext,
        order: Sequence[str],
        gates: Mapping[str, Gate],
        hooks: StageHooks,
        stage_of: Callable[[str], None],
        *,
        absences: Absences | None = None,
        weigh: Callable[[str | None, Observation], Observation] = lambda check, observation: observation,
    ) -> None:
        self.stages = tuple(order)
        self.restore_context = restore_context
        self.current_check: str | None = None
        self._gates = gates
        self._weigh = weigh
        self._hooks = hooks
        self._next = 0
        self._failure: str | None = None
        self._absences = absences or Absences(restore_context.stack_context.emitter)
        self._hollow: dict[str, str] = {}
        self._announce = stage_of
        self._surveys: dict[tuple[str, tuple[tuple[str, Any], ...]], Any] = {}

    @property
    def emitter(self) -> Emitter:
        """Where this drill's events go."""
        return self.restore_context.stack_context.emitter

    def advance_to(self, stage: str) -> None:
        """Perform every stage up to and including ``stage`` that was not performed yet.

        Raises:
            StageNotReached: a stage on the way failed, now or earlier; or an adopted set has nothing for this
                one, though others may still be reached.
            StageOrderError: ``stage`` lies behind the present one; a drill never goes back.
        """
        if stage not in self.stages:
            raise StageOrderError(f"no stage {stage!r} in this drill's order")
        place = self.stages.index(stage)
        if place < self._next - 1:
            present = self.stages[self._next - 1]
            raise StageOrderError(f"stage {stage!r} was asked for at {present!r}: a drill never goes back")
        self._reach(place)
        if why := self._hollow.get(stage):
            raise StageNotReached(f"nothing of it is there: {why}")

    def _reach(self, place: int) -> None:
        while self._next <= place:
            self._perform(self.stages[self._next])

    def finish(self) -> None:
        """Perform what is left of the order, so that a whole drill has reached every stage."""
        self._reach(len(self.stages) - 1)

    def look(self, survey: type[Survey], **nouns: Any) -> Survey:
        """Look at the restored stack, and return what was seen; the same look at one stage is taken once.

        Args:
            survey: the class of a check.
            nouns: the names that its ``look`` takes.

        Raises:
            PluginError: the class declares no check.
        """
        kind = kind_of(survey).name
        queries = queries_of(self.restore_context.stack_context.contract, nouns.values())
        self.emitter.emit(Asked(check=self.current_check, kind=kind, nouns=nouns, queries=queries))
        key = (f"{self.stages[self._next - 1]}/{kind}", tuple(sorted(nouns.items())))
        if key not in self._surveys:
            self._surveys[key] = kind_of(survey).survey.look(self.restore_context, **nouns)
        return cast("Survey", self._surveys[key])

    def observe(self, observation: Observation) -> None:
        """Record an observation of the present check, and raise unless it passed.

        Raises:
            CheckFailed, CheckNotVerified: see ``require_passed``.
        """
        weighed = self._weigh(self.current_check, observation)
        self.emitter.emit(Observed(check=self.current_check, **asdict(weighed)))
        require_passed(weighed)

    def tell_logs(self) -> None:
        """Journal what every service logged last, as it stands at the present check."""
        stack_context = self.restore_context.stack_context
        tell_logs(stack_context, stack_context.contract.services, check=self.current_check)

    def _perform(self, stage: str) -> None:
        if self._failure:
            raise StageNotReached(self._failure)
        self._announce(stage)
        self.emitter.emit(StageEntered(stage=stage))
        started = time.monotonic()
        try:
            for hook in self._hooks.before:
                hook(stage)
            if gate := self._gates.get(stage):
                gate.pass_or_raise()
            self._restore_and_start(stage)
            for hook in self._hooks.after:
                hook(stage)
        except (RestoreFailed, RestoreproofError, PartMissing) as error:
            self._failure = f"stage {stage!r} failed: {error}"
            hint = getattr(error, "hint", None)
            lost = isinstance(error, RestoreFailed)
            self.emitter.emit(StageFailed(stage=stage, error=str(error), hint=hint, lost=lost))
            raise StageNotReached(self._failure) from error
        except Exception as error:
            # Nothing of the harness expected this, so it is an ERROR; but the stage must not be tried again.
            self._failure = f"stage {stage!r} broke: {type(error).__name__}"
            self.emitter.emit(StageFailed(stage=stage, error=self._failure, hint=None, lost=False))
            raise
        finally:
            services = self.restore_context.stack_context.contract.services.items()
            concerned = [name for name, service in services if stage in (service.starts, _resumes(service))]
            tell_logs(self.restore_context.stack_context, concerned)
        self._next += 1
        self.emitter.emit(StageDone(stage=stage, seconds=round(time.monotonic() - started, 4)))

    def _restore_and_start(self, stage: str) -> None:
        stack_context, references = self.restore_context.stack_context, self.restore_context.backup.references
        assets = [asset for asset in stack_context.assets() if asset.at == stage]
        stores = {service for asset in assets for service in asset.stores()}
        services = stack_context.contract.services
        here = [name for name, service in services.items() if _starts_here(service, stage)]
        bring = self._absences.bring
        # A provider's restore may be what makes the store: it comes first.
        self._side_by_side(
            [
                partial(bring, f"asset {name}", partial(self._restore_reference, name, references[name]))
                for name in (asset.name for asset in assets if asset.name in references)
            ]
        )
        self._side_by_side(
            [partial(bring, name, partial(self._start, name)) for name in here if name in stores]
        )
        self._side_by_side(
            [
                partial(bring, f"asset {asset.name}", partial(asset.restore, self.restore_context))
                for asset in assets
                if asset.name not in references
            ]
        )
        self._side_by_side(
            [partial(bring, name, partial(self._start, name)) for name in here if name not in stores]
        )
        resuming = [name for name, service in services.items() if _resumes(service) == stage]
        for name in resuming:
            bring(name, partial(self._resume, name))
        brought = [f"asset {asset.name}" for asset in assets] or [*here, *resuming]
        if why := self._absences.hollow(brought):
            self._hollow[stage] = why

    def _restore_reference(self, asset: str, reference: Reference) -> None:
        stack_context, point = self.restore_context.stack_context, self.restore_context.recovery_point(asset)
        with stack_context.phase(f"reference of {asset}") as work:
            work.bytes = reference.bytes
            try:
                stack_context.runtime.restore_reference(asset, reference, point)
            except ReferenceLost as lost:
                raise RestoreFailed(str(lost)) from lost

    def _resume(self, name: str) -> None:
        self._absences.refuse(name)
        self.restore_context.stack_context.runtime.stop(name)
        self._start(name, held=False)

    def _start(self, name: str, *, held: bool = True) -> None:
        stack_context = self.restore_context.stack_context
        service = stack_context.contract.services[name]
        environment: dict[str, str | Secret] = {}
        if service.environment == RESTORED:
            environment.update(stack_context.vault.environment())
        arguments = tuple(service.options().get("held", ())) if held else ()
        contributions = [self._contribution(asset, name) for asset in stack_context.assets()]
        start = reduce(merge, contributions, Start(environment=environment, arguments=arguments))
        stack_context.runtime.start(name, start)

    def _contribution(self, asset: Asset, service: str) -> Start:
        return asset.contribution(service, self.restore_context)

    @staticmethod
    def _side_by_side(tasks: Sequence[Callable[[], None]]) -> None:
        if len(tasks) == 1:
            tasks[0]()
        elif tasks:
            with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
                for future in [pool.submit(task) for task in tasks]:
                    future.result()


def _starts_here(service: Service, stage: str) -> bool:
    return service.starts == stage and not service.options().get("one_shot", False)


def _resumes(service: Service) -> object:
    return service.options().get("resumes")


def merge(one: Start, other: Start) -> Start:
    """Both starts in one; where both set the same variable, the later one's override wins."""
    return Start(
        environment={**one.environment, **other.environment},
        files={**one.files, **other.files},
        arguments=(*one.arguments, *other.arguments),
    )

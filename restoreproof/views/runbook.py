"""``runbook.md``: the restore as it ran, written so that a person can repeat it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from restoreproof.outcome import Outcome
from restoreproof.record.headline import duration
from restoreproof.record.model import Record, StageRecord
from restoreproof.views.bundle import Bundle
from restoreproof.views.markdown import code, escaped, table
from restoreproof.views.path_aliases import ShortPaths
from restoreproof.views.runbook_steps import Act, acts

_MANY = 2000

_PURPOSE = """\
These are the commands as they ran, in their order, each with how it ended. What has no command restoreproof
did itself, with the clients of the contract's kinds; the figures say how much it was. Secrets are left out:
where a command needs one, it comes from the set's secrets and the recovery identity. Addresses are those of
the isolated target. Do not go past a gate that does not hold."""


def write(bundle: Bundle) -> None:
    """Write the file."""
    done = list(islice(acts(bundle.events()), _MANY + 1))
    (bundle.directory / "runbook.md").write_text(runbook(bundle.record, done), encoding="utf-8")


def runbook(record: Record, done: list[Act]) -> str:
    """Return the whole page. Of very many acts it holds the first ones, and says so."""
    kept = done[:_MANY]
    paths = ShortPaths((act.argv for act in kept), record.drill_id, record.backup_set.location)
    lines = [*_opening(record), *_inputs(record), *_programs(paths), *_order(record)]
    lines += _acts("## Before the first stage", [act for act in kept if act.stage is None], paths)
    for number, stage in enumerate(record.stages, 1):
        heading = f"## Stage {number}: {escaped(stage.name)}"
        lines += _acts(heading, [act for act in kept if act.stage == stage.name], paths)
    if len(done) > _MANY:
        lines.append(f"Only the first {_MANY} acts are shown; the journal holds them all.\n")
    return "\n".join([*lines, *_closing(record)])


def _opening(record: Record) -> Iterator[str]:
    yield f"# How {escaped(record.stack)} was restored\n"
    yield f"Drill {escaped(record.drill_id)}, begun {escaped(record.opened_at or 'at an unknown time')}: "
    yield f"**{escaped(record.verdict_words)}**. {escaped(record.headline, 2000)}\n"
    yield _PURPOSE + "\n"


def _inputs(record: Record) -> Iterator[str]:
    taken, build = record.backup_set, record.harness_build
    catalogue = taken.catalogue.sha256 if taken.catalogue else None
    inputs = [
        ("Backup set", taken.set_id, taken.location),
        ("Its recovery point", taken.recovery_point, "its manifest"),
        ("Its manifest", taken.manifest_sha256, "the set; SHA-256"),
        ("Its catalogue", catalogue, "outside the set; SHA-256"),
        ("Release", taken.release, "the set names it"),
        ("Contract", record.plan.contract_sha256, "stack.yaml; SHA-256"),
        ("Harness", build.version or record.harness, build.git_commit),
    ]
    yield "## Inputs, and where each came from\n"
    yield from table(("Input", "Which", "From"), inputs)
    yield from table(
        ("File of the set", "Bytes", "SHA-256 as read", "Expected by"),
        ((file.name, file.bytes, file.sha256, file.digest_source) for file in taken.artifacts),
    )
    yield from table(
        ("Service", "Component", "Version", "Digest", "From"),
        (
            (part.service, part.component, part.version, part.digest, part.source)
            for part in record.target.components
        ),
    )


def _programs(paths: ShortPaths) -> Iterator[str]:
    words = paths.directories | paths.programs
    if words:
        yield "The commands name directories and programs in short:\n"
        yield from table(("In short", "In this drill"), words.items())


def _order(record: Record) -> Iterator[str]:
    yield "## Order\n"
    yield from table(
        ("Stage", "Ended", "Began after", "Took", "Mandatory checks passed"),
        (
            (stage.name, stage.status, _span(stage.begins_s), _span(stage.seconds), _passed(record, stage))
            for stage in record.stages
        ),
    )


def _passed(record: Record, stage: StageRecord) -> str:
    outcomes = [check.outcome for check in record.checks if check.mandatory and check.stage == stage.name]
    return f"{outcomes.count(Outcome.PASSED)} of {len(outcomes)}"


def _span(seconds: float | None) -> str | None:
    return None if seconds is None else duration(seconds)


def _acts(heading: str, done: list[Act], paths: ShortPaths) -> Iterator[str]:
    if done:
        yield f"{heading}\n"
        for number, act in enumerate(done, 1):
            outcome = f" → {escaped(act.outcome, 1000)}" if act.outcome else ""
            yield f"**{number}.** {escaped(act.what)}{outcome}\n"
            if act.argv:
                yield f"{code(paths.command(act.argv))}\n"


def _closing(record: Record) -> Iterator[str]:
    safety, effects = record.safety, record.effects
    yield "## Afterwards\n"
    gone = "proven gone" if safety.torn_down else "NOT proven gone"
    yield f"The target is {gone}. Left behind: {escaped(', '.join(safety.leftovers) or 'nothing')}.\n"
    yield from table(
        ("Way out", "Effects before approval", "Effects after"),
        ((sink.sink, sink.before_approval, sink.after_approval) for sink in effects.sinks),
    )
    yield from table(
        ("Changed only in the drill", "For", "Why"),
        ((override.name, override.service, override.why) for override in record.overrides),
    )

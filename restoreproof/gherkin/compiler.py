"""Features × contract, compiled: which checks a drill has to account for, before pytest sees a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from restoreproof.errors import FeatureError, Location, SelectionError
from restoreproof.gherkin import tags as tag_words
from restoreproof.gherkin.document import Document, Examples, Row, Scenario, feature_files, parse, render
from restoreproof.gherkin.ids import check_id
from restoreproof.gherkin.linter import lint_documents
from restoreproof.gherkin.plain_tests import plain_checks
from restoreproof.gherkin.selection import Selection
from restoreproof.gherkin.statements import unstated
from restoreproof.gherkin.support_code import digest_of, refuse_unreadable_code, support_digest
from restoreproof.plan import (
    AssetStatements,
    BackupSchedule,
    Coverage,
    Governance,
    NounDefinition,
    Plan,
    PlannedCheck,
    PlannedFile,
    PlannedStep,
    StackControls,
    Waiver,
)


def compile_plan(
    features: Path,
    *,
    stack: str,
    contract_sha256: str,
    stages: Sequence[str],
    rpo_s: float,
    rto_s: float,
    waivers: Sequence[Waiver] = (),
    waivers_allowed: bool = False,
    governance: Governance | None = None,
    coverage: Coverage | None = None,
    service_stage: str = "smoke",
    controls: StackControls | None = None,
    nouns: Sequence[NounDefinition] = (),
    required: Sequence[AssetStatements] = (),
    schedule: BackupSchedule | None = None,
    selection: str | None = None,
    paths: Sequence[Path] = (),
    files: Sequence[PlannedFile] = (),
) -> Plan:
    """The plan of a drill over every feature and every plain test below ``features``.

    Args:
        required: what mandatory checks have to state of each asset.
        selection: a pytest ``-k`` expression; checks that it does not match are left out.
        paths: feature files, directories or node ids; checks of other files are left out.
        files: what the inner process is given of the stack.

    A plan that leaves a check out is not ``whole``; a selection that leaves none out is.

    Raises:
        FeatureError: the linter refuses the features, a plain test or the code beside the features can't be
            read, a waiver names no check, or nothing is selected.
    """
    parsed = [parse(path, features) for path in feature_files(features)]
    documents = [document for document in parsed if not document.of_source]
    tests = plain_checks(features, stages)
    if not documents and not tests:
        raise FeatureError(f"no .feature file below {features}", hint="point --features at the directory")
    _refuse_findings(documents, stages)
    refuse_unreadable_code(features)
    every = [*(check for document in documents for check in expand(document, stages)), *tests]
    every.sort(key=lambda check: (list(stages).index(check.stage), check.file, check.line))
    _refuse_stray_waivers(waivers, every)
    chosen = Selection(features, selection, tuple(paths)).choose(every)
    if not chosen:
        raise SelectionError("nothing is selected", hint=f"{len(every)} checks exist; see restoreproof lint")
    whole = len(chosen) == len(every)
    return Plan(
        stack=stack,
        contract_sha256=contract_sha256,
        features_sha256=features_digest(features),
        harness=_harness(),
        stages=tuple(stages),
        checks=tuple(chosen),
        rpo_s=float(rpo_s),
        rto_s=float(rto_s),
        whole=whole,
        selection=None if whole else describe_selection(features, selection, paths),
        waivers=tuple(waivers),
        waivers_allowed=waivers_allowed,
        governance=governance,
        coverage=coverage,
        service_stage=service_stage,
        controls=controls,
        nouns=tuple(nouns),
        unstated=unstated(chosen, required) if whole else (),
        schedule=schedule,
        support_sha256=support_digest(features),
        files=tuple(files),
    )


def expand(document: Document, stages: Sequence[str]) -> Iterator[PlannedCheck]:
    """The checks of one document: one per scenario, one per row of an outline's Examples."""
    for scenario in document.scenarios:
        if not scenario.examples:
            yield _check(document, scenario, None, None, stages)
        for table in scenario.examples:
            for row in table.rows:
                yield _check(document, scenario, table, row, stages)


def features_digest(features: Path) -> str:
    """SHA-256 (hex) over the sorted paths and bytes of every feature file."""
    named = (
        (path.relative_to(features).as_posix() if path != features else path.name, path)
        for path in feature_files(features)
    )
    return digest_of(list(named))


def describe_selection(features: Path, selection: str | None, paths: Sequence[Path]) -> str:
    """What was asked for, as a person would type it beside the features."""
    home = features.absolute().parent
    typed = [path.relative_to(home) if path.is_relative_to(home) else path for path in paths]
    keyword = [f"-k {selection!r}"] if selection else []
    return " ".join([*map(str, typed), *keyword])


def _check(
    document: Document, scenario: Scenario, table: Examples | None, row: Row | None, stages: Sequence[str]
) -> PlannedCheck:
    layers = document.layers_of(scenario, table)
    values = dict(row.values) if row else {}
    resolved = tag_words.resolve(layers)
    steps = tuple(
        PlannedStep(
            step.keyword,
            render(step.text, values),
            step.line,
            step.kind,
            tuple(tuple(render(cell, values) for cell in cells) for cells in step.table),
            None if step.docstring is None else render(step.docstring, values),
        )
        for step in document.steps_of(scenario)
    )
    return PlannedCheck(
        id=check_id(document, scenario, table, row),
        title=render(scenario.title, values),
        feature=document.title,
        file=document.file,
        line=row.line if row else scenario.line,
        stage=tag_words.stage_of(layers, stages, Location(document.file, scenario.line)),
        mandatory="advisory" not in resolved,
        tags=resolved,
        steps=steps,
        parameters=row.values if row else (),
        rule=scenario.rule.title if scenario.rule else None,
    )


def _refuse_findings(documents: Sequence[Document], stages: Sequence[str]) -> None:
    findings = lint_documents(documents, stages)
    if not findings:
        return
    first, *others = findings
    more = "".join(f"\n{other}" for other in others)
    raise FeatureError(
        f"{first.message}{first.related}{more}",
        where=Location(first.file, first.line),
        hint=first.suggestion,
    )


def _refuse_stray_waivers(waivers: Sequence[Waiver], checks: Sequence[PlannedCheck]) -> None:
    ids = [check.id for check in checks]
    for waiver in waivers:
        if waiver.check not in ids:
            hint = tag_words.suggest(waiver.check, ids)
            raise FeatureError(f"a waiver names {waiver.check!r}, which is no check", hint=hint)


def _harness() -> str:
    try:
        return version("restoreproof")
    except PackageNotFoundError:  # a checkout that was never installed
        return "checkout"

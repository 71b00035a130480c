"""Tags that nothing reads, and controls that nobody described."""

from __future__ import annotations

from restoreproof.contract.production import PLACED, Subject
from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.document import Document, Tag
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings
from restoreproof.gherkin.tags import FLAGS, KNOWN, SEVERITIES, stage_of, suggest


def stages(document: Document, context: Context) -> Findings:
    """Every check is bound to one stage of the contract's order."""
    for scenario in document.scenarios:
        for table in scenario.examples or (None,):
            try:
                stage_of(
                    document.layers_of(scenario, table),
                    context.stages,
                    Location(document.file, scenario.line),
                )
            except FeatureError as error:
                line = error.where.line if error.where else None
                yield LintFinding(document.file, line or scenario.line, "stage", error.message, error.hint)


def tag_words(document: Document, context: Context) -> Findings:
    """A misspelt tag would be a label that nothing reads."""
    for tag in dict.fromkeys(document.every_tag):
        if tag.name not in KNOWN:
            message = f"unknown tag @{tag}"
            yield LintFinding(document.file, tag.line, "unknown-tag", message, suggest(tag.name, KNOWN))
        elif tag.name in FLAGS and tag.value:
            yield LintFinding(document.file, tag.line, "tag-value", f"@{tag.name} takes no value")
        elif tag.name not in FLAGS and not tag.value:
            yield LintFinding(
                document.file, tag.line, "tag-value", f"@{tag.name} needs a value: @{tag.name}:…"
            )
        elif tag.name == "severity" and tag.value not in SEVERITIES:
            message = f"unknown severity {tag.value!r}"
            yield LintFinding(document.file, tag.line, "severity", message, suggest(tag.value, SEVERITIES))
        elif tag.name == "rests-on":
            yield from _rests_on(document, tag, context)
        elif tag.name == "states":
            yield from _states(document, tag, context)
    for tag in (tag for tag in document.every_tag if tag.name == "source"):
        yield LintFinding(document.file, tag.line, "tag-place", "@source marks a whole feature")
    for tag in document.tags:
        if tag.name == "id":
            yield LintFinding(document.file, tag.line, "tag-place", "@id names one scenario, not a feature")


def _rests_on(document: Document, tag: Tag, context: Context) -> Findings:
    """``SUBJECT``, or ``SUBJECT:PLACE`` for what each service or database has for itself."""
    subject, colon, place = tag.value.partition(":")
    nouns = context.nouns or {}
    known = sorted({name for kind in ("service", "asset") for name in nouns.get(kind, ())})
    message, hint = None, None
    if subject not in set(Subject):
        message = f"nothing called {subject!r} is compared with production"
        hint = suggest(subject, list(Subject))
    elif colon and subject not in PLACED:
        message, hint = f"{subject} is one for all", f"write @rests-on:{subject}"
    elif colon and (not place or (known and place not in known)):
        message = f"the contract has no service or asset {place!r}"
        hint = suggest(place, known) if known else None
    if message:
        yield LintFinding(document.file, tag.line, "rests-on", message, hint)


def _states(document: Document, tag: Tag, context: Context) -> Findings:
    """``ASSET/STATEMENT``: whether its kind rests on that, the kind alone knows."""
    asset, slash, statement = tag.value.partition("/")
    assets = sorted((context.nouns or {}).get("asset", ()))
    if not slash or not statement:
        yield LintFinding(
            document.file, tag.line, "states", f"@{tag} names no statement", "write @states:ASSET/STATEMENT"
        )
    elif assets and asset not in assets:
        message = f"the contract has no asset {asset!r}"
        yield LintFinding(document.file, tag.line, "states", message, suggest(asset, assets))

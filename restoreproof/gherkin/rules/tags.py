"""Tags that nothing reads, and controls that nobody described."""

from __future__ import annotations

from restoreproof.contract.production import Subject
from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.document import Document
from restoreproof.gherkin.finding import LintFinding
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


def tag_words(document: Document, _: Context) -> Findings:
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
        elif tag.name == "rests-on" and tag.value not in set(Subject):
            message = f"nothing called {tag.value!r} is compared with production"
            yield LintFinding(document.file, tag.line, "rests-on", message, suggest(tag.value, list(Subject)))
    for tag in (tag for tag in document.every_tag if tag.name == "source"):
        yield LintFinding(document.file, tag.line, "tag-place", "@source marks a whole feature")
    for tag in document.tags:
        if tag.name == "id":
            yield LintFinding(document.file, tag.line, "tag-place", "@id names one scenario, not a feature")

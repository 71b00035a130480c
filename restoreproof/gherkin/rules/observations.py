"""A Then states something of what the When before it saw: of something else it would mean another thing."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.gherkin.document import Document, Step
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings, as_run
from restoreproof.gherkin.vocabulary import Phrase, Vocabulary, nearest


@dataclass(frozen=True, slots=True)
class _Look:
    """The last step that looked at the stack; ``seen`` is None where its phrase does not declare it."""

    step: Step
    text: str
    seen: type | None


def answerable(document: Document, context: Context) -> Findings:
    """A Then is found by its words alone: after a When of another check it would break or mislead."""
    if context.vocabulary is None:
        return
    reported: set[Step] = set()
    for scenario in document.scenarios:
        for run in as_run(document, scenario):
            look: _Look | None = None
            for step, text in run:
                phrases = context.vocabulary.saying(step.kind, text)
                phrase = phrases[0] if len(phrases) == 1 else None
                if phrase and phrase.takes_survey and step not in reported:
                    for finding in _judge(document, step, phrase, look, context.vocabulary):
                        reported.add(step)
                        yield finding
                if _looks(step, phrases):
                    look = _Look(step, text, phrase.sees if phrase else None)


def _looks(step: Step, phrases: list[Phrase]) -> bool:
    """A When that no phrase says is a finding of its own: the Thens after it are not refused as well."""
    return any(phrase.leaves_survey for phrase in phrases) or (not phrases and step.kind == "Action")


def _judge(
    document: Document, step: Step, phrase: Phrase, look: _Look | None, vocabulary: Vocabulary
) -> Findings:
    if look is None:
        message = f"{step.text!r} has nothing before it that looked at the stack"
        yield LintFinding(document.file, step.line, "nothing-seen", message, "put its When before it")
    elif look.seen is not None and not phrase.can_follow(look.seen):
        yield LintFinding(
            document.file,
            step.line,
            "unanswerable",
            f"{look.text!r} saw nothing of which {step.text!r} could be said",
            _what_may_follow(look.seen, step.text, vocabulary),
            look.step.line,
        )


def _what_may_follow(seen: type, text: str, vocabulary: Vocabulary) -> str | None:
    """The phrase most like the one refused, of those that could stand there; or all of these."""
    offered = [
        phrase.text for phrase in vocabulary.phrases if phrase.takes_survey and phrase.can_follow(seen)
    ]
    listed = "; ".join(offered)
    return nearest(text, offered) or (f"after it may stand: {listed}" if offered else None)

"""Steps that no phrase says, that two say, and phrases that no step says."""

from __future__ import annotations

from collections.abc import Sequence

from restoreproof.gherkin.document import Document, Step
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings, texts
from restoreproof.gherkin.vocabulary import Phrase, Vocabulary, nearest


def one_phrase(document: Document, context: Context) -> Findings:
    """Every step, with the values of each row, is one phrase; of two, pytest-bdd runs the last unasked."""
    if context.vocabulary is None:
        return
    said: set[Step] = set()
    for _, step, text in texts([document]):
        found = context.vocabulary.saying(step.kind, text)
        if step not in said and len(found) != 1:
            said.add(step)
            yield (
                _ambiguous(document, step, text, found)
                if found
                else _unknown(document, step, text, context.vocabulary)
            )


def _unknown(document: Document, step: Step, text: str, vocabulary: Vocabulary) -> LintFinding:
    message = f"no step says {step.keyword} {text!r}"
    return LintFinding(document.file, step.line, "unknown-step", message, vocabulary.nearest(text))


def _ambiguous(document: Document, step: Step, text: str, found: Sequence[Phrase]) -> LintFinding:
    places = " and ".join(f"{phrase.text!r} ({phrase.file}:{phrase.line})" for phrase in found)
    return LintFinding(
        document.file,
        step.line,
        "ambiguous-step",
        f"{len(found)} phrases say {step.keyword} {text!r}: {places}",
        "reword one of them; pytest-bdd would run only one, and not say which",
        found[0].line,
        found[0].file,
    )


def unused_phrases(documents: Sequence[Document], context: Context) -> Findings:
    """A phrase of the stack's own that no feature says is dead, or its feature is lost.

    The shipped vocabulary is for every stack, so no stack need use all of it.
    """
    if context.vocabulary is None:
        return
    steps = [(step.kind, text) for _, step, text in texts([*documents, *context.of_source])]
    for phrase in context.vocabulary.phrases:
        own = phrase.module in context.own
        if own and not any(phrase.says(kind, text) for kind, text in steps):
            near = nearest(phrase.text, {text for _, text in steps})
            yield LintFinding(
                phrase.file,
                phrase.line,
                "unused-phrase",
                f"no feature says {phrase.text!r}",
                f"{near} or remove it" if near else "say it in a feature, or remove it",
            )

"""Quoted words that name no noun, and nouns that no feature speaks of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from restoreproof.gherkin.document import Document, Step
from restoreproof.gherkin.lint_finding import LintFinding
from restoreproof.gherkin.rules.base import Context, Findings, texts
from restoreproof.gherkin.tags import suggest
from restoreproof.gherkin.vocabulary import Vocabulary

_QUOTED = re.compile(r'"(?P<word>[^"<>]+)"(?: (?P<kind>\w+))?')

Name = tuple[str | None, str]
"""A word of a feature and its kind, None where the sentence does not tell which."""


def known(document: Document, context: Context) -> Findings:
    """A quoted word is a noun of the contract: of its placeholder's kind, else of the kind named after it."""
    if context.nouns is None:
        return
    every = {word for words in context.nouns.values() for word in words}
    told: set[tuple[Step, str]] = set()
    for _, step, text in texts([document]):
        for kind, word in _names(step.kind, text, context.vocabulary, context.nouns):
            words = context.nouns[kind] if kind else every
            if word not in words and (step, word) not in told:
                told.add((step, word))
                message = f"the contract has no {kind or 'noun'} {word!r}"
                yield LintFinding(
                    document.file, step.line, "unknown-noun", message, suggest(word, sorted(words))
                )


def spoken_of(documents: Sequence[Document], context: Context) -> Findings:
    """A noun that no feature names, nor another noun that one names, would never be looked at."""
    reached = _reached(documents, context)
    for noun in context.bound:
        if noun.wanted and (noun.kind, noun.name) not in reached:
            where = noun.where
            yield LintFinding(
                where.file,
                where.line or 1,
                "unbound-noun",
                f"no feature speaks of the {noun.kind} {noun.name!r}",
                "say in a feature what must be true of it, or take it out of the contract",
            )


def _reached(documents: Sequence[Document], context: Context) -> set[tuple[str, str]]:
    """What the features name, and everything that the contract ties to that."""
    named: set[Name] = {("stage", stage) for document in documents for stage in _stages(document)}
    together: set[str] = set()
    for _, step, text in texts(documents):
        named.update(_names(step.kind, text, context.vocabulary, context.nouns or {}))
        phrases = context.vocabulary.saying(step.kind, text) if context.vocabulary else []
        together.update(kind for phrase in phrases for kind in phrase.covers)
    ties = {(noun.kind, noun.name): noun.uses for noun in context.bound}
    waiting = [key for key in ties if key in named or (None, key[1]) in named or key[0] in together]
    reached: set[tuple[str, str]] = set()
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting.extend(ties.get(key, ()))
    return reached


def _names(
    kind: str, text: str, vocabulary: Vocabulary | None, nouns: Mapping[str, Collection[str]]
) -> Iterator[Name]:
    """The quoted words of a step, each with its kind as far as the phrase or the next word tells it."""
    phrases = vocabulary.saying(kind, text) if vocabulary else []
    placed = {value: noun for phrase in phrases for value, noun in phrase.nouns_in(text).items()}
    for quoted in _QUOTED.finditer(text):
        told = (placed.get(quoted["word"]), quoted["kind"])
        yield next((each for each in told if each in nouns), None), quoted["word"]


def _stages(document: Document) -> Iterator[str]:
    """Every stage that a scenario is bound to."""
    for scenario in document.scenarios:
        for table in scenario.examples or (None,):
            for layer in document.layers_of(scenario, table):
                yield from (tag.value for tag in layer if tag.name == "at")

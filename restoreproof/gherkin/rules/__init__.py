"""The rules of the linter. A new one is a function, and an entry in ``EACH`` or ``TOGETHER``."""

from __future__ import annotations

from restoreproof.gherkin.rules.base import Context, Each, Together
from restoreproof.gherkin.rules.examples import examples
from restoreproof.gherkin.rules.nouns import known, spoken_of
from restoreproof.gherkin.rules.observations import answerable
from restoreproof.gherkin.rules.phrases import one_phrase, unused_phrases
from restoreproof.gherkin.rules.structure import assertions, duplicate_ids, duplicate_scenarios, unnamed
from restoreproof.gherkin.rules.tags import stages, tag_words

__all__ = ["EACH", "TOGETHER", "Context"]

EACH: tuple[Each, ...] = (
    duplicate_scenarios,
    unnamed,
    examples,
    assertions,
    stages,
    tag_words,
    known,
    one_phrase,
    answerable,
)
"""Rules that look at one document."""

TOGETHER: tuple[Together, ...] = (duplicate_ids, unused_phrases, spoken_of)
"""Rules that look across documents."""

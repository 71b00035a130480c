"""What a plan states of the contract's assets, and what it leaves out, read from its steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from restoreproof.checks.phrases import CheckKind, CheckPhrase
from restoreproof.checks.registry import installed
from restoreproof.gherkin.vocabulary import parser_of
from restoreproof.plan import AssetStatements, PlannedCheck

STATES = "states:"
"""How the tag of a check of one's own begins: ``@states:ASSET/STATEMENT``."""

_QUOTED = re.compile(r'"([^"<>]+)"')
_ASSET = "asset"


class Statement(NamedTuple):
    """One thing that a check states of one asset; ``slug`` is the statement with hyphens for its spaces."""

    asset: str
    slug: str


def unstated(
    checks: Iterable[PlannedCheck], required: Sequence[AssetStatements]
) -> tuple[AssetStatements, ...]:
    """Return what is ``required`` of each asset and no mandatory one of ``checks`` states."""
    kinds = {statements.asset: statements.kind for statements in required}
    stated = {statement for check in checks if check.mandatory for statement in statements_of(check, kinds)}
    left = (
        AssetStatements(
            statements.asset,
            statements.kind,
            tuple(what for what in statements.statements if (statements.asset, slug_of(what)) not in stated),
        )
        for statements in required
    )
    return tuple(statements for statements in left if statements.statements)


def statements_of(check: PlannedCheck, kinds: Mapping[str, str]) -> Iterator[Statement]:
    """Yield what ``check`` states, by its steps and its tags. ``kinds`` maps each asset to its kind.

    A *Then* speaks of the assets that the *When* before it names, or of the only asset of the kind that its
    check is ``about``. No code of the stack is run for it: of a *When* that is the stack's own step the
    quoted words tell the assets, and the *Then* tells the check.
    """
    for tag in check.tags:
        if tag.startswith(STATES):
            asset, _, slug = tag.removeprefix(STATES).partition("/")
            yield Statement(asset, slug)
    looking: CheckKind | None = None
    named: tuple[str, ...] = ()
    for step in check.steps:
        if step.kind == "Action":
            looking, named = _look(step.text, kinds)
        elif step.kind == "Outcome" and (answer := _answer(step.text, looking)):
            kind, phrase = answer
            slug = slug_of(phrase.states or "")
            yield from (Statement(asset, slug) for asset in named or _only(kind, kinds))


def slug_of(statement: str) -> str:
    """Return ``statement`` as a tag writes it, which has no spaces."""
    return statement.replace(" ", "-")


def _look(text: str, kinds: Mapping[str, str]) -> tuple[CheckKind | None, tuple[str, ...]]:
    """The check whose *When* says ``text``, None for a step of the stack's own, and the assets it names."""
    for kind, phrase in _phrases("when"):
        parser = _parser(phrase.text)
        if parser.is_matching(text):
            nouns = kind.references(phrase)
            values = dict(parser.parse_arguments(text) or {})
            return kind, tuple(str(values[name]) for name, noun in nouns.items() if noun == _ASSET)
    return None, tuple(word for word in _QUOTED.findall(text) if word in kinds)


def _answer(text: str, looking: CheckKind | None) -> tuple[CheckKind, CheckPhrase] | None:
    """The check and the phrase that a *Then* is of; None if it states nothing of an asset."""
    said = [(kind, phrase) for kind, phrase in _phrases("then") if _parser(phrase.text).is_matching(text)]
    if looking is not None:
        said = [(kind, phrase) for kind, phrase in said if kind is looking]
    (answer, *others) = said or (None,)
    return answer if answer and not others and answer[1].states else None


def _only(kind: CheckKind, kinds: Mapping[str, str]) -> Iterator[str]:
    """The only asset of the kind that a check is about; none of several, since it looks at one of them."""
    about = [asset for asset, asset_kind in kinds.items() if asset_kind == kind.about]
    if len(about) == 1:
        yield about[0]


_parser = cache(parser_of)
"""Phrases are few and steps many: each phrase is compiled once."""


def _phrases(keyword: str) -> Iterator[tuple[CheckKind, CheckPhrase]]:
    for check in installed():
        yield from ((check.kind, phrase) for phrase in check.kind.phrases if phrase.keyword == keyword)

"""What the tags of a scenario mean, and which of them wins."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from restoreproof.errors import FeatureError, Location
from restoreproof.gherkin.document import Tag

ONE_VALUE = ("at", "id", "severity", "owner", "epic", "story")
"""Tags of which the most specific layer's counts."""

MANY_VALUES = ("control", "rests-on", "states")
FLAGS = ("advisory", "source")
KNOWN = (*ONE_VALUE, *MANY_VALUES, *FLAGS)
SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")


def effective(layers: Sequence[Sequence[Tag]], name: str) -> list[Tag]:
    """The tags ``name`` of the most specific layer that has any; empty if none has."""
    for layer in layers:
        found = [tag for tag in layer if tag.name == name]
        if found:
            return found
    return []


def resolve(layers: Sequence[Sequence[Tag]]) -> tuple[str, ...]:
    """The tags that count, sorted: one of each ``ONE_VALUE`` name, all others of every layer."""
    kept = {str(tag) for layer in layers for tag in layer if tag.name not in ONE_VALUE}
    for name in ONE_VALUE:
        kept.update(str(tag) for tag in effective(layers, name))
    return tuple(sorted(kept))


def stage_of(layers: Sequence[Sequence[Tag]], stages: Collection[str], where: Location) -> str:
    """The stage a scenario is bound to.

    Raises:
        FeatureError: no ``@at``, two on one layer, or a stage that the contract's order does not name.
    """
    found = effective(layers, "at")
    if not found:
        raise FeatureError(
            "the scenario is bound to no stage", where=where, hint=f"add @at: {_listed(stages)}"
        )
    if len({tag.value for tag in found}) > 1:
        named = " and ".join(f"@{tag}" for tag in found)
        raise FeatureError(f"{named} on one level; a scenario has one stage", where=where)
    stage = found[0].value
    if stage not in stages:
        place = Location(where.file, found[0].line)
        raise FeatureError(f"unknown stage {stage!r}", where=place, hint=suggest(stage, stages))
    return stage


def suggest(word: str, known: Collection[str]) -> str:
    """ "did you mean …?", or the list to choose from."""
    nearest = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean {nearest[0]!r}?" if nearest else f"known: {_listed(known)}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)

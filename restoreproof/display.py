"""Strings that came from a backup, bounded and stripped of what could steer a terminal or a reader."""

from __future__ import annotations

import unicodedata

LIMIT = 600

_KEPT = {"\n", "\t"}
_BLANKED = str.maketrans("\n\t", "  ")
# Bidirectional overrides can make a line read as its opposite.
_REORDERING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]))


def shown(text: object, limit: int = LIMIT) -> str:
    """Return ``text`` in at most ``limit`` characters, control and reordering characters made visible."""
    string = str(text)
    cut = string if len(string) <= limit else f"{string[: limit - 1]}…"
    if cut.translate(_BLANKED).isprintable():  # most strings are, and this is fast
        return cut
    return "".join(character if _is_harmless(character) else _visible(character) for character in cut)


def one_line(text: object, limit: int = LIMIT) -> str:
    """Return ``shown(text, limit)``, with line breaks and runs of blanks made single blanks."""
    return " ".join(shown(text, limit).split())


def _is_harmless(character: str) -> bool:
    if character in _KEPT:
        return True
    return character not in _REORDERING and unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")


def _visible(character: str) -> str:
    return f"\\u{ord(character):04x}"

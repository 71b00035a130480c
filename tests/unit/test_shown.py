"""Strings from a backup, shown: nothing of them steers a terminal or misleads a reader."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoreproof.display import one_line, shown


@given(st.text(max_size=200))
def test_no_control_character_gets_through(text: str) -> None:
    allowed = {"\n", "\t"}
    assert not [c for c in shown(text) if c not in allowed and unicodedata.category(c) in ("Cc", "Cs")]
    assert "\n" not in one_line(text)


@pytest.mark.parametrize("bad", ["\x1b[31m", "\x9b", "\r", "\u202e", "\u2066", "\x00", "\x7f", "\ud800"])
def test_what_could_steer_a_terminal_is_made_visible(bad: str) -> None:
    """An escape sequence from a table must not repaint the verdict."""
    assert bad[0] not in shown(f"a{bad}b")
    assert f"\\u{ord(bad[0]):04x}" in shown(f"a{bad}b")


def test_a_flood_is_cut_and_says_so() -> None:
    assert shown("x" * 1000, 10) == "x" * 9 + "…"
    assert shown("x" * 10, 10) == "x" * 10


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "Prüfung: 312 von 2.000 – « 証明書 »\n\tok 🙂"
    assert shown(text) == text

"""Secrets do not get out, in whatever spelling they are written."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoreproof.redact import MASK, Redactor, Secret, is_distinctive

VALUE = 'pa$$ w0rd/"Ünï\\x'
SECRETS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=8, max_size=40).filter(is_distinctive)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("DB_PASSWORD", VALUE)
    assert secret.reveal() == VALUE
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", repr([secret]), "%s" % secret):  # noqa: UP031
        assert VALUE not in shown
        assert "DB_PASSWORD" in shown


@pytest.mark.parametrize("copying", [pickle.dumps, copy.deepcopy, json.dumps])
def test_a_secret_is_not_serialised(copying: object) -> None:
    with pytest.raises(TypeError):
        copying(Secret("x", VALUE))  # type: ignore[operator]


def test_secrets_compare_by_value_and_not_by_name() -> None:
    assert Secret("a", VALUE).matches(Secret("b", VALUE))
    assert not Secret("a", VALUE).matches(Secret("a", VALUE + "x"))


@pytest.mark.parametrize(
    "spelled",
    [
        VALUE,
        urllib.parse.quote(VALUE, safe=""),
        json.dumps(VALUE),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.b64encode(f"user:{VALUE}".encode()).decode(),
        base64.b64encode(f"a:{VALUE}:b".encode()).decode(),
    ],
)
def test_every_spelling_is_masked(spelled: str) -> None:
    """As in URLs, JSON, dumps of bytes, and Basic authentication with any user before it."""
    redactor = Redactor([Secret("x", VALUE)])
    masked = redactor.text(f"before {spelled} after")
    assert MASK in masked
    assert spelled not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@given(SECRETS, st.text(max_size=30), st.text(max_size=30))
def test_no_text_keeps_a_secret(value: str, before: str, after: str) -> None:
    redactor = Redactor([Secret("x", value)])
    assert value not in redactor.text(before + value + after).replace(MASK, "")


@given(SECRETS, st.binary(max_size=7))
def test_no_base64_keeps_a_secret_at_any_offset(value: str, before: bytes) -> None:
    redactor = Redactor([Secret("x", value)])
    encoded = base64.b64encode(before + value.encode()).decode()
    masked = redactor.text(encoded)
    assert MASK in masked
    # What is left of the value is at most a character at either end, shared with what stood beside it.
    assert len(masked.replace(MASK, "")) <= len(base64.b64encode(before)) + 4


def test_values_are_masked_at_every_depth_keys_included() -> None:
    redactor = Redactor([Secret("x", VALUE)])
    masked = redactor.value({"a": [{"b": (VALUE, 7)}], VALUE: None})
    assert VALUE not in json.dumps(masked, ensure_ascii=False)
    assert masked == {"a": [{"b": [MASK, 7]}], MASK: None}


@pytest.mark.parametrize("word", ["wipe", "localhost"[:7], "aaaaaaaaaaaa", ""])
def test_ordinary_words_are_left(word: str) -> None:
    """A short or monotonous secret would mask half of every log."""
    redactor = Redactor([Secret("x", word)])
    assert redactor.text(f"the {word} stays") == f"the {word} stays"


def test_bytes_are_masked_and_other_bytes_are_kept() -> None:
    redactor = Redactor([Secret("x", "correct-horse")])
    assert (
        redactor.data(b"\xff correct-horse \xfe") == b"\xff " + MASK.encode("latin-1", "replace") + b" \xfe"
    )
    assert redactor.data(b"\xff\x00") == b"\xff\x00"


def test_what_is_learnt_later_is_masked_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text(VALUE) == VALUE
    redactor.learn([Secret("x", VALUE)])
    assert redactor.text(VALUE) == MASK

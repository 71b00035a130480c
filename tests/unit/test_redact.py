"""Secrets do not get out, in whatever spelling they are written."""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import urllib.parse

import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoreproof.errors import EvidenceError
from restoreproof.redaction.redactor import MASK, Fingerprints, Redactor, Secret, fingerprint
from restoreproof.redaction.secret_encodings import is_distinctive

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
        urllib.parse.quote(VALUE),
        urllib.parse.quote_plus(VALUE).lower(),
        json.dumps(VALUE).replace("00dc", "00DC").replace("00ef", "00EF"),
        json.dumps(json.dumps(VALUE))[1:-1],
        json.dumps(VALUE, ensure_ascii=False).replace("/", "\\/"),
        html.escape(VALUE),
        str(markupsafe.escape(VALUE)),
        repr({"password": VALUE})[13:-1],
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


@pytest.mark.parametrize("word", ["wipe", "localhost", "administrator", "s3cr3t", "aaaaaaaaaaaa"])
def test_ordinary_words_are_left_and_named(word: str) -> None:
    """A short or monotonous secret would mask half of every log; that it can't be masked is told."""
    redactor = Redactor([Secret("SMTP_PASSWORD", word)])
    assert redactor.text(f"the {word} stays") == f"the {word} stays"
    assert redactor.unmaskable == ("SMTP_PASSWORD",)


def test_what_is_empty_is_no_secret() -> None:
    redactor = Redactor([Secret("x", "")])
    assert (redactor.text("as it is"), redactor.unmaskable) == ("as it is", ())


PEM = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAbcdefghijklmnopqrs\n"
    "tuvwxyz0123=\n-----END PRIVATE KEY-----"
)


def test_each_line_of_a_secret_counts() -> None:
    masked = Redactor([Secret("x", PEM)]).text(f"key:\n{PEM.replace(chr(10), chr(10) + '    ')}")
    assert not any(line in masked for line in PEM.splitlines()[1:-1])
    assert Redactor([Secret("x", PEM)]).text("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n    ", "\\n"])
@pytest.mark.parametrize("width", [8, 19, 64])
def test_a_wrapped_secret_is_masked(width: int, line_break: str) -> None:
    value = "fCq2/kLm9+Xz0aVb7nTy3wQe5RuI1oP8sDhG6jK4" * 3
    wrapped = line_break.join(value[at : at + width] for at in range(0, len(value), width))
    assert Redactor([Secret("x", value)]).text(f"a {wrapped} b") == f"a {MASK} b"


def test_what_is_spotted_is_named_and_located() -> None:
    redactor = Redactor([Secret("DB_PASSWORD", VALUE)])
    data = b"\xff\x00 " + VALUE.encode().hex().encode()
    assert [(one.name, one.encoding, one.start) for one in redactor.spotted(data)] == [
        ("DB_PASSWORD", "hex", 3)
    ]


def test_whoever_asks_is_told_of_each_value_once() -> None:
    told: list[str] = []
    redactor = Redactor([Secret("a", VALUE)])
    redactor.on_learnt = lambda secret: told.append(secret.name)
    redactor.learn([Secret("a again", VALUE), Secret("b", "another-0ne"), Secret("c", "another-0ne")])
    assert told == ["b"]


def test_errors_are_masked_with_what_led_to_them() -> None:
    redactor = Redactor([Secret("x", VALUE)])
    with pytest.raises(EvidenceError) as caught, redactor.errors():
        try:
            raise KeyError(VALUE)
        except KeyError as cause:
            raise EvidenceError(f"{VALUE} is wrong", hint=f"change {VALUE}") from cause
    told = f"{caught.value} {caught.value.__cause__!r} {caught.value.args}"
    assert VALUE not in told
    assert told.count(MASK) == 4


def test_a_fingerprint_recognises_a_value_only_with_its_key() -> None:
    known = Fingerprints(b"key of one drill")
    known.add("administrator", len(VALUE), fingerprint(b"key of one drill", VALUE.encode()))
    assert known.name_of(VALUE.encode()) == "administrator"
    assert known.name_of(b"something else") is None
    assert fingerprint(b"another key", VALUE.encode()) != fingerprint(b"key of one drill", VALUE.encode())


def test_bytes_are_masked_and_other_bytes_are_kept() -> None:
    redactor = Redactor([Secret("x", "correct-horse")])
    assert redactor.data(b"\xff correct-horse \xfe") == b"\xff " + MASK.encode() + b" \xfe"
    assert redactor.data(b"\xff\x00") == b"\xff\x00"


def test_what_is_learnt_later_is_masked_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text(VALUE) == VALUE
    redactor.learn([Secret("x", VALUE)])
    assert redactor.text(VALUE) == MASK

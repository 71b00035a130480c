"""Forbidden material is found wherever it lies in a stream, and nothing else is taken for it."""

from __future__ import annotations

import base64
import os
import tracemalloc

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from restoreproof.checks.base import Findings
from restoreproof.checks.forbidden import ForbiddenSurvey
from restoreproof.outcome import Outcome
from restoreproof.scan.rules import BUILT_IN, LONGEST, ForbiddenRule, _escaped, rules
from restoreproof.scan.scanner import scan, self_test
from restoreproof.scan.unhexed import Unhexed

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "rsa": RSA,
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
PLAIN = form.NoEncryption()


def _named(name: str) -> ForbiddenRule:
    return next(rule for rule in BUILT_IN if rule.name == name)


def test_every_rule_finds_its_own_sample() -> None:
    assert self_test(rules({"own": ("key_[a-z]{4}", "key_abcd")})) == []


def test_a_rule_that_finds_nothing_is_blind() -> None:
    dull = ForbiddenRule("dull", _named("age identity").pattern, lambda: b"something else")
    assert self_test([dull]) == ["dull"]
    survey = ForbiddenSurvey(5, 5, 100, ("dull",), Findings(), ("dull",))
    assert survey.clean().outcome is Outcome.NOT_VERIFIED


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5 * LONGEST), st.integers(1, 3 * LONGEST), st.sampled_from(BUILT_IN))
def test_each_is_found_once_at_its_place_however_the_stream_is_cut(
    before: int, piece: int, rule: ForbiddenRule
) -> None:
    stream = b" " * before + rule.sample() + b" " * (LONGEST * 2)
    pieces = [stream[start : start + piece] for start in range(0, len(stream), piece)]
    [hit] = scan(pieces, [rule])
    assert before <= hit.offset <= before + 4


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5 * LONGEST), st.integers(1, 3 * LONGEST), st.sampled_from(BUILT_IN))
def test_each_is_found_in_hex_at_its_place_however_the_stream_is_cut(
    before: int, piece: int, rule: ForbiddenRule
) -> None:
    planted = b" " * before + rb"1\t\\x00" + rule.sample().hex().encode() + b"\n"
    stream = planted + rb"2\t\\x00\n" * 3000 + b" " * LONGEST
    pieces = [stream[start : start + piece] for start in range(0, len(stream), piece)]
    [hit] = [hit for hit in scan(pieces, [rule]) if hit.rule == rule.name]
    assert before <= hit.offset <= before + 16


PKCS8, TRADITIONAL = form.PrivateFormat.PKCS8, form.PrivateFormat.TraditionalOpenSSL


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("rsa", PKCS8), ("rsa", TRADITIONAL), ("ec", PKCS8), ("ec", TRADITIONAL), ("ed25519", PKCS8)],
)
def test_private_keys_of_every_kind_are_found_raw_and_in_base64(kind: str, shape: form.PrivateFormat) -> None:
    der = KEYS[kind].private_bytes(form.Encoding.DER, shape, PLAIN)
    pem = KEYS[kind].private_bytes(form.Encoding.PEM, shape, PLAIN)
    for content, name in (
        (b"\x00\x01" + der + b"\xff" * 9, "private key (DER)"),
        (rb"7\t\\x" + der.hex().encode() + rb"\tx", "private key (DER)"),
        (b"7\t" + _escaped(der) + b"\tx", "private key (DER, escaped)"),
        (b"VALUES ('" + rb"\x" + der.hex().upper().encode() + b"');", "private key (DER)"),
        (rb"7\t\\x" + base64.b64encode(der).hex().encode() + b"\n", "private key (base64)"),
        (b'"' + base64.b64encode(der) + b'"', "private key (base64)"),
        (b"KEY=" + base64.b64encode(pem), "private key (base64)"),
        (pem, "private key (PEM)"),
    ):
        assert name in {hit.rule for hit in scan([content], BUILT_IN)}, name


def test_an_encrypted_private_key_is_one_too() -> None:
    sealed = form.BestAvailableEncryption(b"passphrase")
    pem = RSA.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, sealed)
    assert "private key (PEM)" in {hit.rule for hit in scan([pem], BUILT_IN)}


def test_public_keys_noise_and_near_misses_are_not_taken_for_secrets() -> None:
    public = RSA.public_key()
    spki = form.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(form.Encoding.DER, spki)
    pieces = [
        public.public_bytes(form.Encoding.PEM, spki),
        der,
        base64.b64encode(der),
        base64.b64encode(base64.b64encode(public.public_bytes(form.Encoding.PEM, spki))),
        b"eyJhbGciOiJub25lIn0 eyJzdWIiOiIxIn0",
        b"eyJub3RoaW5nIjoxfQ.eyJzdWIiOiIxIn0xxxx.AAAAAAAAAAAAAAAAAAAAAAAA",
        os.urandom(1 << 20),
        base64.b64encode(os.urandom(1 << 18)),
    ]
    assert list(scan([b"\n".join(pieces)], BUILT_IN)) == []
    assert list(scan([b"\n".join(rb"1\t\\x" + one.hex().encode() for one in pieces)], BUILT_IN)) == []


def test_two_values_in_hex_make_no_key_together() -> None:
    der = RSA.private_bytes(form.Encoding.DER, PKCS8, PLAIN)
    rows = [rb"1\t\\x" + part.hex().encode() + b"\n" for part in (der[:600], der[600:])]
    assert list(scan([b"".join(rows)], BUILT_IN)) == []


def test_a_large_object_that_pg_dump_writes_in_parts_is_one() -> None:
    der = KEYS["ed25519"].private_bytes(form.Encoding.DER, PKCS8, PLAIN)
    parts = [rb"\x" + part.hex().encode() for part in (der[:30], der[30:])]
    stream = b"".join(b"SELECT pg_catalog.lowrite(0, '" + part + b"');\n" for part in parts)
    for cut in range(len(stream)):
        hits = list(scan([stream[:cut], stream[cut:]], BUILT_IN))
        assert [hit.rule for hit in hits] == ["private key (DER)"], cut


def test_memory_does_not_grow_with_the_length_of_a_value() -> None:
    piece = os.urandom(1 << 15).hex().encode()
    der = KEYS["ec"].private_bytes(form.Encoding.DER, PKCS8, PLAIN).hex().encode()
    peaks = []
    for pieces in (30, 300):
        tracemalloc.start()
        value = (rb"1\t\\x", *(piece for _ in range(pieces)), der, b"\n")
        assert [hit.rule for hit in scan(value, BUILT_IN)] == ["private key (DER)"]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_scanner_that_does_not_read_hex_is_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unhexed, "feed", lambda self, piece: b"")
    assert set(self_test(BUILT_IN)) == {rule.name for rule in BUILT_IN}


def test_bytes_are_counted_and_findings_fail() -> None:
    counted: list[int] = []
    list(scan([b"ab", b"cde"], BUILT_IN, counted.append))
    assert sum(counted) == 5
    found = Findings()
    found.add("a.sql: private key (PEM) at byte 3")
    assert ForbiddenSurvey(5, 5, 100, ("x",), found, ()).clean().outcome is Outcome.FAILED
    assert ForbiddenSurvey(4, 5, 100, ("x",), Findings(), ()).clean().outcome is Outcome.NOT_VERIFIED
    assert ForbiddenSurvey(5, 5, 100, ("x",), Findings(), ()).clean().outcome is Outcome.PASSED


def test_what_could_not_be_searched_is_never_called_clean_and_a_find_in_the_rest_still_fails() -> None:
    closed = Findings()
    closed.add("rows (snapshot-1): pg_dump ended with 1")
    clean = ForbiddenSurvey(5, 5, 100, ("x",), Findings(), (), closed=closed).clean()
    assert clean.outcome is Outcome.NOT_VERIFIED
    assert "rows (snapshot-1): pg_dump ended with 1" in clean.observed
    found = Findings()
    found.add("proxy/nginx.conf: x at byte 1")
    assert ForbiddenSurvey(5, 5, 100, ("x",), found, (), closed=closed).clean().outcome is Outcome.FAILED

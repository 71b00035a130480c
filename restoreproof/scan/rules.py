"""What must never be in a backup: how it is recognised, confirmed, and planted as a control."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyrage
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

LONGEST = 64 * 1024
"""Bytes of the longest thing a rule recognises: how far neighbouring pieces of a stream have to overlap."""


@dataclass(frozen=True, slots=True)
class ForbiddenRule:
    """``pattern`` finds candidates quickly; ``confirm`` looks closely at the bytes from the match on.

    ``before`` is how many bytes ahead of the match the thing itself begins at most. ``sample`` makes one
    that the rule has to find: a rule that misses its own sample has examined nothing.
    """

    name: str
    pattern: re.Pattern[bytes]
    sample: Callable[[], bytes]
    confirm: Callable[[bytes], bool] = lambda candidate: True
    before: int = 0


def _is_private_key(der: bytes) -> bool:
    try:
        load_der_private_key(der, password=None)
    except TypeError:
        # It is encrypted with a passphrase, and a private key nevertheless.
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _holds_der_key(candidate: bytes) -> bool:
    """Whether a DER private key starts in the first bytes: its header is ahead of the match."""
    return any(_is_private_key(der) for start in range(5) if (der := _der_at(candidate, start)) is not None)


def _der_at(data: bytes, start: int) -> bytes | None:
    """The DER SEQUENCE that begins at ``start``, if one does and ends within ``data``."""
    head = data[start : start + 4]
    if len(head) < 4 or head[0] != 0x30:
        return None
    width = head[1] & 0x7F if head[1] & 0x80 else 0
    if width > 2:
        return None
    length = int.from_bytes(head[2 : 2 + width]) if width else head[1]
    end = start + 2 + width + length
    return data[start:end] if end <= len(data) else None


_ESCAPE = re.compile(rb"\\002(?P<mark>\\{1,16})001(?P=mark)(?:000(?:0|(?P=mark)002)|001(?P=mark)004)")
"""How a DER key begins in the octal escapes of ``bytea_output = escape``; COPY doubles each ``\\``."""
_ESCAPED_HEADER = 30


def _holds_escaped_key(candidate: bytes) -> bool:
    match = _ESCAPE.search(candidate)
    if match is None:
        return False
    mark = re.escape(match["mark"])
    # An array puts backslashes before quotation marks, too.
    plain = re.sub(mark + rb"(?:([0-3][0-7]{2})|" + mark + rb")|\\*(\")", _unescape, candidate)
    starts = range(_ESCAPED_HEADER)
    return any(_is_private_key(der) for start in starts if (der := _der_at(plain, start)) is not None)


def _unescape(escape: re.Match[bytes]) -> bytes:
    return bytes([int(escape[1], 8)]) if escape[1] else escape[2] or b"\\"


def _escaped(content: bytes) -> bytes:
    """``content`` as COPY prints it where ``bytea_output = escape``."""
    printed = [bytes([byte]) if 0x20 <= byte < 0x7F else rb"\\%03o" % byte for byte in content]
    return b"".join(rb"\\\\" if character == b"\\" else character for character in printed)


_BASE64 = re.compile(rb"[A-Za-z0-9+/\s\\n]+={0,2}")
_HEAD = 60
"""Characters of base64 without a break that the pattern of the rule has seen."""
_KEY_HEAD = re.compile(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)(?:\x02\x01|\x30)|-----BEGIN", re.DOTALL)
"""How a key begins: PEM, or a SEQUENCE of a version (PKCS #1, #8, #12, SEC 1) or an algorithm (encrypted)."""


def _is_base64_key(candidate: bytes) -> bool:
    match = _BASE64.match(candidate)
    if match is None or not _KEY_HEAD.match(binascii.a2b_base64(candidate[:_HEAD])):
        return False
    text = re.sub(rb"\\n|\s|=", b"", match[0])
    text = text[: len(text) - (len(text) % 4 == 1)]
    try:
        decoded = base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return False
    return b"PRIVATE KEY-----" in decoded or (
        (der := _der_at(decoded, 0)) is not None and _is_private_key(der)
    )


def _is_token(candidate: bytes) -> bool:
    header = candidate.partition(b".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
    except ValueError:
        return False
    return isinstance(claims, dict) and "alg" in claims


def _key(encoding: Encoding) -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())


def _token() -> bytes:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "control"})
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join([head, body, base64.urlsafe_b64encode(bytes(32)).rstrip(b"=")])


BUILT_IN: tuple[ForbiddenRule, ...] = (
    ForbiddenRule(
        "private key (PEM)",
        re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----"),
        lambda: _key(Encoding.PEM),
    ),
    ForbiddenRule(
        "private key (PEM, in hex)",
        re.compile(rb"(?i)2d2d2d2d2d424547494e20(?:[0-9a-f]{2}){0,40}?50524956415445204b4559"),
        lambda: _key(Encoding.PEM).hex().encode(),
    ),
    ForbiddenRule(
        "private key (DER)",
        re.compile(rb"\x02\x01[\x00\x01][\x30\x02\x04]"),
        lambda: _key(Encoding.DER),
        _holds_der_key,
        before=4,
    ),
    ForbiddenRule(
        "private key (DER, escaped)",
        _ESCAPE,
        lambda: _escaped(_key(Encoding.DER)),
        _holds_escaped_key,
        before=_ESCAPED_HEADER,
    ),
    ForbiddenRule(
        "private key (base64)",
        re.compile(rb"(?:M[A-I][A-Za-z0-9+/]|LS0tLS1CRUdJTi)[A-Za-z0-9+/]{57}"),
        lambda: base64.b64encode(_key(Encoding.DER)),
        _is_base64_key,
    ),
    ForbiddenRule(
        "JSON Web Token",
        re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
        _token,
        _is_token,
    ),
    ForbiddenRule(
        "age identity",
        re.compile(rb"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{50,}"),
        lambda: str(pyrage.x25519.Identity.generate()).encode(),
    ),
)


def rules(extra: Mapping[str, tuple[str, str]] | None = None) -> tuple[ForbiddenRule, ...]:
    """Return the built-in rules, and those of a contract: name → (regular expression, example)."""
    return (*BUILT_IN, *(_own(name, *rule) for name, rule in (extra or {}).items()))


def _own(name: str, pattern: str, example: str) -> ForbiddenRule:
    return ForbiddenRule(name, re.compile(pattern.encode()), example.encode)


def ruleset_digest(all_rules: Iterable[ForbiddenRule]) -> str:
    """Return the SHA-256 (hex) over names, patterns and readings: equal digests search for the same."""
    readings: list[list[str]] = [[rule.name, rule.pattern.pattern.decode("latin-1")] for rule in all_rules]
    readings.append(["read", "as it is", r"\x as hex"])
    return hashlib.sha256(json.dumps(readings).encode()).hexdigest()


def blind(names: Iterable[str], all_rules: Iterable[ForbiddenRule]) -> list[str]:
    """Return the rules that did not find their own sample."""
    hit = set(names)
    return [rule.name for rule in all_rules if rule.name not in hit]

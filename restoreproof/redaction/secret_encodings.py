"""The spellings that a value may be written in."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterator

MIN_LENGTH = 8
_MIN_DIFFERENT = 6
_MIN_OF_ONE_CASE = 16


def is_distinctive(value: str) -> bool:
    """Return whether ``value`` is random enough to mask wherever it stands.

    Masking what is short, monotonous, or could be a word (``orders``, ``localhost``) would blacken the log.
    """
    if len(value) < MIN_LENGTH or len(set(value)) < _MIN_DIFFERENT:
        return False
    one_case = value.isalpha() and (value.islower() or value.isupper())
    return not one_case or len(value) >= _MIN_OF_ONE_CASE


def spellings(value: str) -> dict[bytes, str]:
    """Return every spelling of ``value`` that can be told from ordinary text, with its encoding's name."""
    encodings: dict[bytes, str] = {}
    for number, part in enumerate(_parts(value)):
        for encoding, spelled in _encoded(part):
            if len(spelled) >= MIN_LENGTH:
                encodings.setdefault(spelled.encode(), f"{encoding}, a line of it" if number else encoding)
    return encodings


def _parts(value: str) -> Iterator[str]:
    """Yield the value, and each distinctive line of it: a log shows lines."""
    yield value
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if is_distinctive(line) and not line.startswith("-----"))


def _encoded(value: str) -> Iterator[tuple[str, str]]:
    raw = value.encode("utf-8", "surrogatepass")
    yield "raw", value
    for quoted in (urllib.parse.quote(raw, safe=""), urllib.parse.quote(raw), urllib.parse.quote_plus(raw)):
        yield "URL-escaped", quoted
        yield "URL-escaped", re.sub("%..", lambda match: match[0].lower(), quoted)
    yield from (("JSON-escaped", text) for text in _in_json(value))
    yield from (("HTML-escaped", text) for text in _in_html(value))
    yield "escaped as by Python", repr(value)[1:-1]
    yield "hex", raw.hex()
    yield "hex", raw.hex().upper()
    yield from (("base64", text) for text in _base64_cores(raw))


def _in_json(value: str) -> Iterator[str]:
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        for text in (once, once.replace("/", "\\/"), re.sub(r"\\u....", lambda m: _upper(m[0]), once)):
            yield text
            yield json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _upper(escape: str) -> str:
    return f"\\u{escape[2:].upper()}"


def _in_html(value: str) -> Iterator[str]:
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield html.escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _base64_cores(raw: bytes) -> Iterator[str]:
    """Yield the characters of base64 that don't depend on what stands before or after the value."""
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            start = (0, 2, 3)[offset]
            yield text[start : len(text) - (1 if (offset + len(raw)) % 3 else 0)]

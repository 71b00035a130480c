"""What lies packed in some bytes: escaped, encoded, compressed."""

from __future__ import annotations

import base64
import binascii
import html
import re
import urllib.parse
import zlib
from collections.abc import Iterator

EXPANDED = 64 * 1024 * 1024
"""Bytes that one compressed stream is unpacked to at most."""
_PIECE = 64 * 1024
# Between pieces that are examined together: nothing may seem to go on from one to the next.
_APART = b"\n\0\0\n"

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){12,}|(?:[0-9A-F]{2}){12,}")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|(?<=stream\n)x[\x01\x5e\x9c\xda]|(?<=stream\r\n)x[\x01\x5e\x9c\xda]")
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_JSON = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|([\"\\/]))")
_HTML = re.compile(rb"&(?:#?\w{2,8});")


def unpacked(data: bytes) -> Iterator[bytes]:
    """Everything in ``data`` that can be unpacked once: unescaped, decoded, and inflated."""
    if (plain := _unescaped(data)) != data:
        yield plain
    decoded = [*_decoded(data)]
    if decoded:
        yield _APART.join(decoded)
    inflated = [_inflate(data[match.start() :]) for match in _COMPRESSED.finditer(data)]
    inflated += [_inflate(piece) for piece in decoded if _ZLIB.match(piece)]
    if any(inflated):
        yield _APART.join(inflated)


def _decoded(data: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(data):
        text = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        text = text[: len(text) - (len(text) % 4 == 1)]
        yield base64.b64decode(text + b"=" * (-len(text) % 4))
    for match in _HEX.finditer(data):
        yield binascii.unhexlify(match[0])


def _unescaped(data: bytes) -> bytes:
    """URL-, JSON- and HTML-escapes undone, each once."""
    plain = urllib.parse.unquote_to_bytes(data) if b"%" in data else data
    if b"\\" in plain:
        plain = _JSON.sub(_json_character, plain)
    return _HTML.sub(_html_character, plain) if b"&" in plain else plain


def _json_character(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1], 16)).encode() if found[1] else found[2]


def _html_character(found: re.Match[bytes]) -> bytes:
    return html.unescape(found[0].decode()).encode("utf-8", "surrogatepass")


def _inflate(data: bytes) -> bytes:
    """What a zlib or gzip stream at the beginning of ``data`` holds: as much as is whole."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    parts: list[bytes] = []
    size = at = 0
    while at < len(data) and size < EXPANDED and not inflater.eof:
        try:
            part = inflater.decompress(data[at : at + _PIECE], EXPANDED - size)
        except zlib.error:  # no stream, or a damaged one: what came before is examined
            break
        parts.append(part)
        size, at = size + len(part), at + _PIECE
    return b"".join(parts)

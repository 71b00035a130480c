"""What lies packed in some bytes: escaped, encoded, compressed."""

from __future__ import annotations

import binascii
import html
import re
import urllib.parse
import zlib

EXPANDED = 64 * 1024 * 1024
"""Bytes that one compressed stream is unpacked to at most."""
_PIECE = 64 * 1024
# Between pieces that are examined together: nothing may seem to go on from one to the next.
_APART = b"\n\0\0\n"

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){12,}|(?:[0-9A-F]{2}){12,}")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_STREAM = re.compile(rb"stream\r?\n(?=x[\x01\x5e\x9c\xda])")
_JSON = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|([\"\\/]))")
_HTML = re.compile(rb"&#?\w{2,8};")


def unescaped(data: bytes) -> bytes:
    """URL-, JSON- and HTML-escapes undone, each once; ``data`` itself where there are none."""
    plain = urllib.parse.unquote_to_bytes(data) if b"%" in data else data
    if b"\\" in plain:
        plain = _JSON.sub(_json_character, plain)
    return _HTML.sub(_html_character, plain) if b"&" in plain else plain


def unpacked(*layers: bytes) -> bytes:
    """What is decoded or inflated from any of ``layers``, once; pieces that lead nowhere are left out.

    A layer is some data, or the same with its escapes undone. What decodes to neither text nor a compressed
    stream is no secret in writing; and known secrets within such bytes are found in base64 as it stands.
    """
    runs = {run for layer in layers for run in _BASE64.findall(layer)}
    decoded = [_decode(run) for run in runs]
    decoded += map(binascii.unhexlify, {digits for run in runs for digits in _HEX.findall(run)})
    streams = [layer[match.end() :] for layer in layers for match in _STREAM.finditer(layer)]
    streams += [piece for piece in decoded if _ZLIB.match(piece)]
    streams += [part[at.start() :] for part in (*layers, *decoded) for at in _GZIP.finditer(part)]
    return _APART.join([*filter(_is_text, decoded), *map(_inflate, streams)])


def _decode(run: bytes) -> bytes:
    text = run.translate(_STANDARD)
    text = text[: len(text) - (len(text) % 4 == 1)]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


_STANDARD = bytes.maketrans(b"-_", b"+/")


def _is_text(piece: bytes) -> bool:
    if piece.isascii():
        return True
    try:
        # The ends may be halves of a character, where something else stood beside it in the same run.
        piece[3:-3].decode()
    except UnicodeDecodeError:
        return False
    return True


def _json_character(match: re.Match[bytes]) -> bytes:
    return chr(int(match[1], 16)).encode() if match[1] else match[2]


def _html_character(match: re.Match[bytes]) -> bytes:
    return html.unescape(match[0].decode()).encode("utf-8", "surrogatepass")


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

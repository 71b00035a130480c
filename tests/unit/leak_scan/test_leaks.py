"""No secret leaves in the evidence, however it is written or packed; and what held one is locked away."""

from __future__ import annotations

import base64
import gzip
import html
import json
import stat
import urllib.parse
import zlib
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from restoreproof.leak_scan import scan
from restoreproof.leak_scan.scan import Leak, find_leaks, quarantine
from restoreproof.redaction.redactor import Fingerprints, Redactor, Secret, fingerprint
from restoreproof.scan.rules import BUILT_IN

SECRET = "kX9/pQ2+vT7~rL4_wZ8"
MADE_INSIDE = "Zr4tYk0PqW-uVb8sXn2LcJ6hGd1aFe5m"
KEY = b"of this drill only"


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


def written(directory: Path, content: bytes, name: str = "record.json") -> Path:
    """An evidence directory with ``content`` in one of its files."""
    path = directory / "d1" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    (directory / "d1" / "junit.xml").write_text("<testsuites/>")
    return directory / "d1"


def found_in(directory: Path) -> list[Leak]:
    fingerprints = Fingerprints(KEY)
    fingerprints.add("administrator", len(MADE_INSIDE), fingerprint(KEY, MADE_INSIDE.encode()))
    return find_leaks(directory, Redactor([Secret("S3_KEY", SECRET)]), fingerprints, BUILT_IN)


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda value: b"the key " + value + b" is here",
    "hex": lambda value: value.hex().encode(),
    "base64": b64,
    "base64 after a user": lambda value: b64(b"admin:" + value),
    "URL": lambda value: urllib.parse.quote(value, safe="").encode(),
    "URL in JSON in HTML": lambda value: html.escape(
        json.dumps(json.dumps({"url": "http://u:" + urllib.parse.quote(value, safe="") + "@h"}))
    ).encode(),
    "base64 of base64": lambda value: b64(b64(b"x" + value)),
    "gzip in a data URL": lambda value: b"data:image/svg+xml;base64," + b64(gzip.compress(b"<svg>" + value)),
    "flate in a PDF": lambda value: b"%PDF-1.7\nstream\n" + zlib.compress(b"BT " + value) + b"\nendstream",
    "base64 in gzip in base64": lambda value: b64(gzip.compress(b64(value + b"!"))),
    "hex in URL": lambda value: b"?q=%22" + value.hex().upper().encode() + b"%22",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("value", "name"), [(SECRET, "S3_KEY"), (MADE_INSIDE, "administrator")])
def test_a_secret_is_found_however_it_is_packed(tmp_path: Path, way: str, value: str, name: str) -> None:
    """Also one of which the outer process knows nothing but its fingerprint."""
    found = found_in(written(tmp_path, b'{"a": "' + WAYS[way](value.encode()) + b'"}'))
    assert found, way
    assert {leak.file for leak in found} == {"record.json"}
    assert all(name in leak.rule for leak in found)
    assert value not in str(found)


def test_a_secret_in_the_name_of_a_file_is_found_and_not_repeated(tmp_path: Path) -> None:
    hexed = SECRET.encode().hex()
    [leak] = found_in(written(tmp_path, b"x", f"logs/{hexed}.log"))
    assert leak.rule == "the value of S3_KEY (hex), in its name"
    assert hexed not in str(leak)


@pytest.mark.parametrize("rule", BUILT_IN, ids=[rule.name for rule in BUILT_IN])
def test_a_key_or_token_of_anybody_is_found(tmp_path: Path, rule: scan.Rule) -> None:
    sample = next(one for one in BUILT_IN if one.name == rule.name).sample()
    found = found_in(written(tmp_path, b"log line: " + sample + b" end"))
    assert rule.name in {leak.rule for leak in found}


def test_a_packed_key_of_anybody_is_found(tmp_path: Path) -> None:
    identity = str(pyrage.x25519.Identity.generate()).encode()
    assert [leak.rule for leak in found_in(written(tmp_path, b64(gzip.compress(identity))))] == [
        "age identity, packed"
    ]


@pytest.mark.parametrize("before", [0, 3000, 4090, 4100, 8180])
def test_nothing_hides_where_one_window_ends(
    tmp_path: Path, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "WINDOW", 4096)
    monkeypatch.setattr(scan, "OVERLAP", 512)
    found = found_in(written(tmp_path, b"." * before + SECRET.encode() + b"." * 9000))
    assert found == [Leak("record.json", "the value of S3_KEY (raw)", 1)]


def test_a_damaged_or_endless_stream_is_examined_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("restoreproof.leak_scan.decoders.EXPANDED", 100_000)
    bomb = gzip.compress(SECRET.encode() + bytes(50_000_000))
    torn = zlib.compress(SECRET.encode() + bytes(range(256)) * 2000)[:2000]
    for content in (bomb, b"stream\n" + torn):
        assert [leak.count for leak in found_in(written(tmp_path, content))] == [1]


def test_clean_evidence_is_clean(tmp_path: Path) -> None:
    digests = "\n".join(f"{number:064x}  logs/{number}.log" for number in range(300))
    content = json.dumps(
        {"digests": digests, "note": "‹redacted› & more", "b": base64.b64encode(bytes(999)).decode()}
    )
    assert found_in(written(tmp_path, content.encode())) == []


def test_what_leaked_is_locked_away_and_never_quoted(tmp_path: Path) -> None:
    directory = written(tmp_path, SECRET.encode())
    (tmp_path / "latest").symlink_to("d1")
    error = quarantine(directory, found_in(directory))
    assert "record.json: the value of S3_KEY (raw)" in str(error)
    assert SECRET not in str(error)
    assert error.exit_code == 4
    assert not directory.exists()
    assert not (tmp_path / "latest").is_symlink()
    for path in (tmp_path / "quarantine", tmp_path / "quarantine" / "d1"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert (tmp_path / "quarantine" / "d1" / "record.json").read_text() == SECRET


def test_another_drills_latest_stays(tmp_path: Path) -> None:
    directory = written(tmp_path, b"x")
    (tmp_path / "latest").symlink_to("d2")
    quarantine(directory, [Leak("a", "b", 2)])
    assert (tmp_path / "latest").is_symlink()

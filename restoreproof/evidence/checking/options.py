"""Keys, heads and ages, as both verifiers read them."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta
from pathlib import Path

from restoreproof.evidence.checking.answers import Refused
from restoreproof.evidence.checking.formats import instant


def read_key_file(path: Path) -> tuple[bytes, str, datetime | None, datetime | None]:
    """The PEM, key id and period of use of a public key file. Raises Refused if it holds no public key.

    The key id is the SHA-256 of the key's DER form: `openssl pkey -pubin -in FILE -outform DER | sha256sum`.
    """
    try:
        text = path.read_text("ascii")
        (found,) = re.findall(r"-----BEGIN PUBLIC KEY-----\n([^-]+)-----END PUBLIC KEY-----", text)
        der = base64.b64decode("".join(found.split()), validate=True)
        period = {name: instant(moment) for name, moment in re.findall(r"^# (not-\w+): *(\S+)$", text, re.M)}
    except (OSError, ValueError) as error:
        raise Refused(f"{path} is not a file with one public key in PEM ({error})") from error
    keyid = hashlib.sha256(der).hexdigest()
    return text.encode(), keyid, period.get("not-before"), period.get("not-after")


def parse_head(text: str | None) -> tuple[int, str] | None:
    """``SEQ:SHA256``. Raises Refused on anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text.strip())
    if not match:
        raise Refused(f"--head {text!r} is not SEQ:SHA256, as a drill prints it")
    return int(match[1]), match[2]


def parse_age(text: str) -> timedelta | None:
    """``30d`` or ``12h``; ``none`` for any age. Raises Refused on anything else."""
    match = re.fullmatch(r"(\d{1,6})([dh])", text)
    if text == "none":
        return None
    if not match:
        raise Refused(f"--max-age {text!r} is no age such as 30d or 12h, nor none")
    return timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))


def directory_of(path: Path) -> Path:
    """The evidence directory itself, where a link such as reports/latest was named. Raises Refused."""
    try:
        directory = path.resolve(strict=True)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    if not directory.is_dir():
        raise Refused(f"{path} is not a directory of evidence")
    return directory


def ledger_of(directory: Path, path: Path | None) -> list[bytes]:
    """The lines of the ledger at ``path``, by default the one beside ``directory``. Raises Refused."""
    try:
        return (path or directory.parent / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise Refused(
            f"no ledger ({error.strerror}: {error.filename}): name it with --ledger, or say --without-ledger"
        ) from error

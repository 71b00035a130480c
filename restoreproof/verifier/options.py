"""Keys, heads and ages, as both verifiers read them."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

from restoreproof.verifier.answers import Answer, Refused
from restoreproof.verifier.files import read
from restoreproof.verifier.formats import instant

_WITHOUT = "name it with --ledger, or say --without-ledger"


def read_key_file(path: Path) -> tuple[bytes, str, datetime | None, datetime | None]:
    """Return PEM, key id and period of use of a public key file. Raises Refused if it holds no public key.

    The key id is the SHA-256 of the key's DER form: `openssl pkey -pubin -in FILE -outform DER | sha256sum`.
    """
    try:
        text = path.read_text("ascii")
        keys = re.findall(r"-----BEGIN PUBLIC KEY-----\n([^-]+)-----END PUBLIC KEY-----", text)
        if len(keys) != 1:
            raise ValueError(f"it holds {len(keys)} of them")
        der = base64.b64decode("".join(keys[0].split()), validate=True)
        period = _period(text)
    except (OSError, ValueError) as error:
        raise Refused(f"{path} is not a file with one public key in PEM ({error})") from error
    keyid = hashlib.sha256(der).hexdigest()
    return text.encode(), keyid, period.get("not-before"), period.get("not-after")


def _period(text: str) -> dict[str, datetime]:
    """When a key is to be trusted. Raises ValueError for a line that means to be a limit and is none."""
    period: dict[str, datetime] = {}
    for line in re.findall(r"^.*\bnot[-_ ]?(?:before|after)\b.*$", text, re.M | re.I):
        limit = re.fullmatch(r"# (not-before|not-after): *(\S+) *", line)
        if not limit or limit[1] in period:
            raise ValueError(f"{line.strip()!r} is no limit, such as # not-after: 2027-11-22T00:00:00Z")
        period[limit[1]] = instant(limit[2])
    return period


def parse_head(text: str | None) -> tuple[int, str] | None:
    """Return what ``SEQ:SHA256`` names; None for None. Raises Refused on anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text.strip())
    if not match:
        raise Refused(f"--head {text!r} is not SEQ:SHA256, as a drill prints it")
    return int(match[1]), match[2]


def parse_age(text: str) -> timedelta | None:
    """Return ``30d`` or ``12h`` as a span; None for ``none``, any age. Raises Refused on anything else."""
    match = re.fullmatch(r"(\d{1,6})([dh])", text)
    if text == "none":
        return None
    if not match:
        raise Refused(f"--max-age {text!r} is no age such as 30d or 12h, nor none")
    return timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))


def directory_of(path: Path) -> Path:
    """Return the evidence directory itself, where a link such as reports/latest was named. Raises Refused."""
    try:
        directory = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    if not directory.is_dir():
        raise Refused(f"{path} is not a directory of evidence")
    return directory


def ledger_of(directory: Path, path: Path | None) -> list[bytes]:
    """Return the lines of the ledger at ``path``, by default the one beside ``directory``. Raises Refused."""
    place = path or directory.parent / "ledger.jsonl"
    unfit = Answer()
    try:
        text = read(Path(os.path.realpath(place)), unfit)
    except OSError as error:
        raise Refused(f"no ledger ({error.strerror}: {place}): {_WITHOUT}") from error
    if text is None:
        why = "there is none" if not place.exists() else "it is no ordinary file of bearable size"
        raise Refused(f"no ledger ({why}: {place}): {_WITHOUT}")
    return text.splitlines(keepends=True)

"""Password verifiers and hashes, by their own form: nobody has to have declared one for it to be known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_B64 = rb"[A-Za-z0-9+/._-]"
# Each pattern begins with a literal: the search for it passes over megabytes at once.


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """One form of a stored password; what its ``pattern`` finds is masked, and looked for in evidence.

    ``sample`` makes one that the pattern has to find. ``before`` and ``confirm`` are as for every rule of the
    search before sealing: the form alone is proof enough.
    """

    name: str
    pattern: re.Pattern[bytes]
    sample: Callable[[], bytes]
    before: int = 0
    confirm: Callable[[bytes], bool] = lambda match: True


PASSWORD_HASHES: tuple[PasswordHash, ...] = (
    PasswordHash(
        "password verifier (SCRAM)",
        # PostgreSQL manual, "pg_authid": SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>
        re.compile(rb"SCRAM-SHA-(?:1|256|512)\$\d{1,10}:[A-Za-z0-9+/]{4,}={0,2}\$[A-Za-z0-9+/=:]{20,}"),
        lambda: b"SCRAM-SHA-256$4096:" + b"c2FsdA==" + b"$" + b"A" * 43 + b"=:" + b"B" * 43 + b"=",
    ),
    PasswordHash(
        "password hash (md5 of PostgreSQL)",
        re.compile(rb"md5(?<![A-Za-z0-9_/.-]md5)[0-9a-f]{32}(?![0-9a-f])"),
        lambda: b" md5" + b"0123456789abcdef" * 2,
    ),
    PasswordHash(
        "password hash (bcrypt)",
        re.compile(rb"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}"),
        lambda: b"$2b$12$" + b"a" * 53,
    ),
    PasswordHash(
        "password hash (Argon2)",
        re.compile(
            rb"\$argon2(?:id|i|d)\$(?:v=\d+\$)?[a-z]=\d+[^$\s\"']{0,40}\$"
            + _B64
            + rb"{8,}\$"
            + _B64
            + rb"{16,}"
        ),
        lambda: b"$argon2id$v=19$m=65536,t=3,p=4$" + b"c2FsdHNhbHQ" + b"$" + b"a" * 43,
    ),
    PasswordHash(
        "password hash (crypt)",
        # crypt(5): yescrypt, gost-yescrypt, scrypt, SHA-512, SHA-256, MD5
        re.compile(rb"\$(?:y|gy|7|6|5|1)\$(?:[A-Za-z0-9./=,]{1,60}\$){1,2}[A-Za-z0-9./]{22,86}"),
        lambda: b"$6$" + b"saltsalt" + b"$" + b"a" * 86,
    ),
    PasswordHash(
        "password hash (PBKDF2)",
        # Django's, Werkzeug's and passlib's ways to write them.
        re.compile(
            rb"pbkdf2[_:-]?(?:sha\d{1,3})?(?::\d{1,10})?\$(?:\d{1,10}\$)?"
            + _B64
            + rb"{4,}\$"
            + _B64
            + rb"{20,}=*"
        ),
        lambda: b"pbkdf2_sha256$600000$" + b"saltsaltsalt" + b"$" + b"A" * 43 + b"=",
    ),
    PasswordHash(
        "password hash (scrypt)",
        re.compile(rb"scrypt(?::\d{1,10}:\d{1,3}:\d{1,3})?\$" + _B64 + rb"{4,}\$" + _B64 + rb"{20,}=*"),
        lambda: b"scrypt:32768:8:1$" + b"saltsaltsalt" + b"$" + b"a" * 128,
    ),
)
"""Those that a backup may hold by right, and evidence may not."""


def hashes_in(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where in ``data`` each of ``PASSWORD_HASHES`` begins and ends."""
    if b"$" in data or b"md5" in data:
        for form in PASSWORD_HASHES:
            yield from (match.span() for match in form.pattern.finditer(data))

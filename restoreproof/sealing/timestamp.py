"""RFC 3161: somebody else's word that an attestation existed at a time, as a token beside the evidence."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import httpx

from restoreproof.errors import EnvironmentUnfitError, Location, UsageError
from restoreproof.verifier.answers import Answer
from restoreproof.verifier.formats import ATTESTATION

_TIMEOUT_S = 30.0


def token_of(directory: Path) -> Path:
    """Return the path of the token of ``directory``: beside it, since the seal can't hold the token."""
    return directory.with_name(f"{directory.name}.tsr")


def stamp(directory: Path, url: str) -> Path:
    """Ask the authority at ``url`` for a token over the attestation, and leave it beside ``directory``.

    Raises:
        UsageError: the directory is not sealed.
        EnvironmentUnfitError: the authority gave no token, or the openssl program is missing.
    """
    attestation = directory / ATTESTATION
    if not attestation.is_file():
        raise UsageError(f"{directory} is not sealed", hint="`restoreproof seal` comes first")
    with tempfile.TemporaryDirectory() as scratch:
        query = Path(scratch, "query.tsq")
        _openssl(["-query", "-data", str(attestation), "-sha256", "-cert", "-out", str(query)])
        try:
            answer = httpx.post(
                url,
                content=query.read_bytes(),
                headers={"Content-Type": "application/timestamp-query"},
                timeout=_TIMEOUT_S,
            ).raise_for_status()
        except httpx.HTTPError as error:
            raise EnvironmentUnfitError(f"no timestamp from {url}: {error}") from error
        reply = Path(scratch, "reply.tsr")
        reply.write_bytes(answer.content)
        if "Granted" not in _openssl(["-reply", "-in", str(reply), "-text"]):
            raise EnvironmentUnfitError(f"{url} did not grant a timestamp")
        token = token_of(directory)
        try:
            token.write_bytes(answer.content)
        except OSError as error:
            token.unlink(missing_ok=True)
            raise EnvironmentUnfitError(
                f"the timestamp can't be written: {error.strerror}", where=Location(str(token))
            ) from error
    return token


def check_token(directory: Path, authority: Path, answer: Answer) -> None:
    """Refuse evidence without a token that the certificates in ``authority`` vouch for, or note its time."""
    token = token_of(directory)
    if not token.is_file() or not (directory / ATTESTATION).is_file():
        answer.refuse(token.name, "is missing: the attestation has no timestamp")
        return
    try:
        attested = ["-data", str(directory / ATTESTATION), "-in", str(token)]
        _openssl(["-verify", *attested, "-CAfile", str(authority)])
        reply = _openssl(["-reply", "-in", str(token), "-text"])
    except EnvironmentUnfitError as error:
        answer.refuse(token.name, f"is no timestamp of this attestation by that authority: {error.message}")
        return
    when = re.search(r"^Time stamp: (.+)$", reply, re.MULTILINE)
    answer.notes.append(f"timestamped {when[1] if when else 'at a time that openssl does not tell'}")


def _openssl(arguments: list[str]) -> str:
    try:
        done = subprocess.run(["openssl", "ts", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise EnvironmentUnfitError(
            f"the openssl program can't be run: {error.strerror}", hint="apt-get install openssl"
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise EnvironmentUnfitError(f"openssl ts {arguments[0]}: {lines[-1][:300]}")
    return done.stdout

"""Where the evidence of a drill is filed, under whose key, and what is entered when a drill can't start."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from restoreproof.errors import UsageError
from restoreproof.ledger import Ledger
from restoreproof.ledger.choice import home_of
from restoreproof.sealing.keys import SigningKey, make_signing_key, path_of, signing_key

OWN_KEY = "drill.pem"
OWN_KEY_LASTS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """How evidence is to be filed. ``key`` is a URI; without one the drill makes a key of its own, once.

    ``ledger`` is a path or ``s3://bucket/prefix``; ``head_file`` gets the ledger's last head, and
    ``timestamp`` names an RFC 3161 time stamping authority.
    """

    key: str | None = None
    public_key: Path | None = None
    sealed: bool = True
    ledger: str | None = None
    head_file: Path | None = None
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """An open ledger, and the key if this machine seals."""

    reports: Path
    ledger: Ledger
    key: SigningKey | None = None
    key_path: Path | None = None
    head_file: Path | None = None
    timestamp: str | None = None

    def exposed_key(self, exposure: str) -> str:
        """What a reader must know of a key in a file beside a drill of that exposure; empty if nothing."""
        if self.key_path is None or not exposure:
            return ""
        return f"the signing key lay within the drill's reach: {exposure}; a drill with --no-seal has no key"

    def refuse_visible_key(self, seen: Iterable[Path]) -> None:
        """Raise UsageError if restored code could read the signing key."""
        if self.key_path is None:
            return
        key = self.key_path.resolve()
        for path in (one.resolve() for one in seen):
            if key == path or path in key.parents:
                raise UsageError(
                    f"the signing key {self.key_path} lies in {path}, which the drill's sandbox sees",
                    hint="keep the key apart from the contract, the features and the sets",
                )


def open_evidence_store(
    wanted: EvidenceOptions, var: Path, reports: Path, say: Callable[[str], None]
) -> EvidenceStore:
    """Open the ledger, and the key; the drill's own is made if there is none.

    Raises:
        UsageError: the key, the ledger's place or the head file can't be used.
    """
    if wanted.head_file:
        _refuse_unwritable(wanted.head_file.absolute())
    uri = (wanted.key or _own_key(var, say)) if wanted.sealed else None
    key = signing_key(uri, wanted.public_key) if uri else None
    return EvidenceStore(
        reports,
        ledger_of(wanted, reports, key),
        key,
        path_of(uri) if uri else None,
        wanted.head_file,
        wanted.timestamp,
    )


def ledger_of(wanted: EvidenceOptions, reports: Path, key: SigningKey | None = None) -> Ledger:
    """Return the ledger that is asked for; without ``key`` its entries are unsigned.

    Raises:
        UsageError: the ledger's place can't be used.
    """
    home = home_of(wanted.ledger, reports / "ledger.jsonl")
    return Ledger(home, key, life=reports / ".ledger-running")


def _refuse_unwritable(head_file: Path) -> None:
    """Now, and not when the drill is over."""
    try:
        head_file.parent.mkdir(parents=True, exist_ok=True)
        head_file.touch()
    except OSError as error:
        raise UsageError(
            f"the head file {head_file} can't be written: {error.strerror}", hint="name one of this user's"
        ) from error


def _own_key(var: Path, say: Callable[[str], None]) -> str:
    path = var / "keys" / OWN_KEY
    if not path.exists():
        public = make_signing_key(path, valid_for=OWN_KEY_LASTS)
        say(f"made the signing key {path}; it is self-issued: give {public} to whoever is to verify")
    return f"file:{path}"


def new_drill_id() -> str:
    """A name for a drill: when it began, and something to tell it from another of that second."""
    return f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(3)}"

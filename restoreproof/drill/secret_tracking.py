"""What a drill knows of secrets: masked in everything it writes, and looked for in what it wrote."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from restoreproof.assets.vault import Vault, parse_environment
from restoreproof.contract import Contract
from restoreproof.errors import UsageError
from restoreproof.events import Emitter, Event, Note, SecretKnown
from restoreproof.leak_scan.scan import Leak, LeakRule, find_leaks
from restoreproof.redaction.password_hashes import PASSWORD_HASHES, hashes_in
from restoreproof.redaction.redactor import Fingerprints, Redactor, Secret, fingerprint
from restoreproof.scan.rules import rules

TOO_PLAIN = (
    "the value of {name} is too short or too plain to be masked: were it written somewhere, neither the "
    "redactor nor the last look at the evidence would know it from an ordinary word"
)


class SecretTracking:
    """The outer process's part: it opens the vault, and learns by fingerprint what comes up inside.

    Args:
        vault: the restored environment.
        canaries: a file of ``NAME=VALUE`` lines: further values that must be in no evidence.
        contract: what no backup of the stack may hold, no evidence may hold either.
        given: what the drill itself was given to get at its target.
    """

    def __init__(
        self, vault: Vault, canaries: Path | None, contract: Contract, given: Sequence[Secret] = ()
    ) -> None:
        self.redactor = Redactor([*vault.secrets(), *read_canaries(canaries), *given])
        self.key = secrets.token_bytes(32)
        self._fingerprints = Fingerprints(self.key)
        own = {name: (rule.pattern, rule.example) for name, rule in contract.forbidden.items()}
        self._rules: tuple[LeakRule, ...] = (*rules(own), *PASSWORD_HASHES)

    def take(self, event: Event) -> None:
        """Learn a fingerprint from the inner process; other events are passed over."""
        match event:
            case SecretKnown(name=name, length=int(length), fingerprint=str(known)) if length > 0:
                self._fingerprints.add(name, length, known)

    def refuse_in(self, text: str, what: str) -> None:
        """Raise UsageError if ``text``, which is to be kept as it is, holds a known secret or a hash."""
        found = sorted({one.name for one in self.redactor.spotted(text.encode())})
        if found:
            raise UsageError(
                f"{what} quotes the value of {', '.join(found)}",
                hint="name secrets there, never quote them; and replace these: they have been written down",
            )
        if any(hashes_in(text.encode())):
            raise UsageError(
                f"{what} quotes a password hash",
                hint="no evidence may hold one, be it only an example: leave it out",
            )

    def leaks(self, directory: Path) -> list[Leak]:
        """Every secret in the files of ``directory``; see ``find_leaks``."""
        return find_leaks(directory, self.redactor, self._fingerprints, self._rules)


def read_canaries(path: Path | None) -> Iterator[Secret]:
    """The values of a file of canaries. Raises UsageError if it can't be read or is no such file."""
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"can't read the canaries: {error}", hint="--canaries FILE, NAME=VALUE lines"
        ) from error
    for name, value in parse_environment(text, str(path)).items():
        yield Secret(f"canary {name}", value)


def confide(redactor: Redactor, emitter: Emitter, key: bytes) -> None:
    """The inner process's part: from now on tell the outer one of each secret that comes up.

    The outer process knows what the redactor knows by now; of what comes later it gets a fingerprint.
    """

    def tell(secret: Secret) -> None:
        value = secret.reveal().encode()
        if secret.name in redactor.unmaskable:
            _tell_plain(emitter, secret.name)
        elif value:
            known = fingerprint(key, value)
            emitter.emit(SecretKnown(name=secret.name, maskable=True, length=len(value), fingerprint=known))

    redactor.on_learnt = tell
    for name in redactor.unmaskable:
        _tell_plain(emitter, name)


def _tell_plain(emitter: Emitter, name: str) -> None:
    emitter.emit(SecretKnown(name=name, maskable=False))
    emitter.emit(Note(text=TOO_PLAIN.format(name=name)))

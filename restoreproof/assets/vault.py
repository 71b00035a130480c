"""The restored environment: decrypted once, in memory, and handed out as Secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyrage

from restoreproof.errors import ContractError, IdentityError, Location
from restoreproof.redaction.redactor import Secret

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PRIVATE|TOKEN|CREDENTIAL|KEY|APIKEY)S?(?:_|$)",
    re.IGNORECASE,
)
MAX_ENVIRONMENT = 1024 * 1024
"""Bytes of all variables; with more no process can be started (execve(2): a quarter of the stack's limit)."""
MAX_VARIABLE = 128 * 1024 - 1
"""Bytes of one variable, its name and what ends it included (execve(2), MAX_ARG_STRLEN)."""


class Vault:
    """An environment by name. Values come out as ``Secret`` or, where a name is public, as text."""

    def __init__(self, environment: Mapping[str, str], commitment_key: bytes) -> None:
        self._values = dict(environment)
        self._commitment_key = commitment_key

    def names(self) -> frozenset[str]:
        """Return the names of every variable in it."""
        return frozenset(self._values)

    def secret(self, name: str) -> Secret:
        """Return the value of ``name``. Raises ContractError if there is no such variable."""
        if name not in self._values:
            raise ContractError(f"the restored environment has no {name}", hint="see assets.secrets.required")
        return Secret(name, self._values[name])

    def public(self, name: str) -> str:
        """Return the value of a variable that is no secret: an address, a bucket, a certificate."""
        value = self.secret(name).reveal()
        if _is_secret(name, value):
            raise ContractError(f"{name} is a secret by its name and may not be shown")
        return value

    def pem(self, name: str) -> bytes:
        """Return the decoded bytes of a base64 variable. Raises ContractError if it is none."""
        try:
            return base64.b64decode(self.secret(name).reveal(), validate=True)
        except ValueError as error:
            raise ContractError(f"the restored environment's {name} is no base64") from error

    def environment(self) -> dict[str, str | Secret]:
        """Return everything, for a service that runs with the restored environment.

        What is no secret stays plain text: masked, the address of a service would be missing in the evidence.
        """
        return {
            name: Secret(name, value) if _is_secret(name, value) else value
            for name, value in self._values.items()
        }

    def settings(self) -> dict[str, str]:
        """Return the variables that are no secret, for resolving ``$NAME`` in the contract."""
        return {name: value for name, value in self._values.items() if not _is_secret(name, value)}

    def commitment(self, name: str) -> str:
        """Return the HMAC-SHA-256 (hex) of a value under the key that travels, encrypted, with the set."""
        message = f"{name}={self._values[name]}".encode()
        return hmac.new(self._commitment_key, message, hashlib.sha256).hexdigest()

    def stand_ins(self) -> tuple[Secret, ...]:
        """Return what the drill made up in place of an environment that an adopted set lacks."""
        return ()

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret in each form a log might show: whole, password of a URL, lines of a PEM."""
        for name, value in self._values.items():
            if not _is_secret(name, value):
                continue
            if password := _url_password(value):
                yield Secret(name, password)
                continue
            yield Secret(name, value)
            if name.endswith("_B64"):
                yield from _pem_lines(name, value)


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET_NAME.search(name)) or _url_password(value) is not None


def _url_password(value: str) -> str | None:
    if "://" not in value:
        return None
    try:
        password = urlsplit(value).password
    except ValueError:
        # It looks like an address and is none, so where its password would end is anyone's guess.
        return value
    return unquote(password) if password else None


def _pem_lines(name: str, value: str) -> Iterator[Secret]:
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    for line in text.splitlines():
        if line and not line.startswith("-----"):
            yield Secret(name, line)


def parse_environment(text: str, where: str) -> dict[str, str]:
    """Read ``KEY=VALUE`` lines; blank lines and ``#`` comments are skipped.

    Raises:
        ContractError: another line, a name that is set twice, or a variable that no process can be given;
            names the line and never a value.
    """
    environment: dict[str, str] = {}
    # Not splitlines(): a value may hold what only Unicode takes for the end of a line.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ContractError("not a KEY=VALUE line", where=Location(where, number))
        if "\0" in value:
            raise ContractError(
                f"{name} holds a NUL, which no environment can", where=Location(where, number)
            )
        if len(line.encode("utf-8", "surrogatepass")) >= MAX_VARIABLE:
            raise ContractError(
                f"{name} is longer than {MAX_VARIABLE:,} bytes, and no process could be started with it",
                where=Location(where, number),
            )
        if name in environment:
            raise ContractError(f"{name} is set a second time", where=Location(where, number))
        environment[name] = value
    return environment


def read_identity(path: Path) -> pyrage.x25519.Identity:
    """Read an age identity file, as ``age-keygen`` and ``keygen`` write it. Raises IdentityError."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise IdentityError(
            f"can't read the recovery identity {path}: {error.strerror}", hint="pass --identity FILE"
        ) from error
    for line in lines:
        if line.startswith("AGE-SECRET-KEY-"):
            return _identity(line.strip(), path)
    raise IdentityError(
        f"{path} holds no AGE-SECRET-KEY line", hint="pass the recovery identity, --identity FILE"
    )


def _identity(line: str, path: Path) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(line)
    except pyrage.IdentityError:
        # Not chained: what pyrage says of it may quote the line.
        raise IdentityError(
            f"the AGE-SECRET-KEY line of {path} is damaged", hint="fetch the recovery identity again"
        ) from None


def open_vault(directory: Path, identity_path: Path) -> Vault:
    """Decrypt ``secrets/`` of the set at ``directory``.

    Raises:
        IdentityError: the files are absent, oversized, damaged, or encrypted to somebody else.
    """
    identity = read_identity(identity_path)
    environment = _decrypt(directory / "secrets" / "environment.age", identity, identity_path)
    key = _decrypt(directory / "secrets" / "commitment.age", identity, identity_path)
    try:
        text = environment.decode()
    except UnicodeDecodeError as error:
        raise IdentityError("secrets/environment.age does not hold text") from error
    return Vault(parse_environment(text, "secrets/environment.age"), key)


def _decrypt(path: Path, identity: pyrage.x25519.Identity, identity_path: Path) -> bytes:
    if not path.is_file():
        raise IdentityError(f"the set holds no {path.parent.name}/{path.name}", hint="is this a whole set?")
    if path.stat().st_size > MAX_ENVIRONMENT:
        raise IdentityError(f"{path.name} is larger than {MAX_ENVIRONMENT} bytes")
    try:
        return bytes(pyrage.decrypt(path.read_bytes(), [identity]))
    except pyrage.DecryptError as error:
        raise IdentityError(
            f"the identity {identity_path} does not decrypt {path.parent.name}/{path.name}",
            hint="use the recovery identity the set was encrypted to; if it is, the file is damaged",
        ) from error

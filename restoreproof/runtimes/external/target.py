"""The contract's ``external:`` block with its variables filled in: the target of one drill."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from restoreproof.backups.missing import NotInTarget
from restoreproof.contract import Contract, resolve
from restoreproof.contract.problems import InvalidContract, Problem, nearest
from restoreproof.contract.variables import variables_in
from restoreproof.errors import ContractError, EnvironmentUnfitError, Location
from restoreproof.redaction.redactor import Secret
from restoreproof.redaction.secret_encodings import is_distinctive
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.block import External, ExternalService, block_of
from restoreproof.runtimes.external.marker import reader_of
from restoreproof.runtimes.external.stores import unadministered
from restoreproof.runtimes.tls import Tls, system_trust

_SECRET_NAME = re.compile(r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN)(?:_(?!FILE|PATH|URL)\w+)?$")
NONCE_CHARACTERS = 16
"""A marker shorter than this could be guessed, or be a word that stands in some table anyway."""


@dataclass(frozen=True, slots=True)
class ExternalTarget:
    """Target of one drill. ``passwords`` and ``tls`` are of its services, by their names.

    ``secrets`` are what no evidence may hold: these, the nonce that would let a drill write, what else the
    block takes from the environment and does not call plain, and whatever in the environment is secret by its
    name, since the commands have it and may print it.
    """

    contract: Contract
    block: External
    marker: Secret
    passwords: Mapping[str, Secret]
    tls: Mapping[str, Tls]
    secrets: tuple[Secret, ...]

    def service(self, name: str) -> ExternalService:
        """Return the block of one service.

        Raises:
            ContractError: the contract has no such service.
            NotInTarget: the target goes without it.
        """
        if name not in self.contract.services:
            names = ", ".join(self.contract.services)
            raise ContractError(f"the contract has no service {name!r}", hint=f"it has {names}")
        if name not in self.block.services:
            raise NotInTarget(name, "the contract's external: does not list it")
        return self.block.services[name]

    def administrator(self, name: str) -> Credentials | None:
        """Return who may write to the service; None if the block does not say."""
        administrator = self.service(name).administrator
        return Credentials(administrator.user, self.passwords[name]) if administrator else None

    def endpoint(self, name: str, port: str = "main") -> Endpoint:
        """Return where the service is reached from here.

        Raises:
            NotInTarget: the target has no such service, or no such port of it.
            ContractError: a password would go there in clear.
            EnvironmentUnfitError: its name does not resolve.
        """
        service = self.service(name)
        if self.contract.services[name].port_of(port) is None:
            raise ContractError(f"service {name!r} has no port called {port!r}", hint="add it to its ports")
        number = service.port if port == "main" else service.ports.get(port)
        if number is None:
            raise NotInTarget(name, f"its external: block has no port called {port!r}")
        address = self._resolved(name, service.address)
        secured = service.tls is not None or service.administrator is None
        if not secured and not ip_address(address).is_loopback:
            raise ContractError(
                f"{name}: its administrator's password would go to {service.address} in clear",
                where=self.where("services", name, "administrator"),
                hint="add `tls: {}` or `tls: {ca: FILE}`; or `tls: false` where nobody can listen on the way",
            )
        return Endpoint(name, name, address, int(number), self.tls.get(name))

    def _resolved(self, name: str, address: str) -> str:
        try:
            addresses = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise EnvironmentUnfitError(
                f"{name}: the address {address!r} does not resolve: {error}",
                hint=f"see external.services.{name}.address at {self.where('services', name, 'address')}",
            ) from error
        return str(addresses[0][4][0])

    def asset_options(self, asset: str) -> dict[str, Any]:
        """Return the block of ``asset``, with the names of its buckets where the contract pins them."""
        options = self.contract.assets[asset].options()
        pinned = [block.options().get("pinned") for block in self.contract.assets.values()]
        names = {
            name: str(value) for block in pinned if isinstance(block, dict) for name, value in block.items()
        }
        buckets = options.get("buckets")
        if not isinstance(buckets, dict):
            return options
        resolved = {
            bucket: {**block, "name": resolve(block["name"], names)}
            for bucket, block in buckets.items()
            if set(variables_in(block["name"])) <= names.keys()
        }
        return {**options, "buckets": resolved}

    def is_nameless(self, name: str) -> bool:
        """Return whether the address of a service is a name that no machine has, as name servers say."""
        try:
            socket.getaddrinfo(self.service(name).address, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            return error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
        return False

    def where(self, *path: str | int) -> Location:
        """Return the line of the block on which ``path`` stands."""
        return self.contract.where("external", *path)


def fill(contract: Contract, environment: Mapping[str, str]) -> ExternalTarget:
    """Return the target that ``contract`` describes, as ``environment`` fills it in.

    Raises:
        ContractError: there is no ``external:`` block, a store of it has no administrator, or a variable is
            unset or does not fit; with its line.
    """
    block = block_of(contract)
    if block is None:
        raise ContractError(
            "the contract has no external: block, so nothing says where the target is",
            where=Location(str(contract.path)),
            hint="docs/external.md describes it; --runtime process and --runtime compose need none",
        )
    if blind := list(unadministered(contract)):
        raise InvalidContract(blind)
    if unset := list(_unset(contract, block, environment)):
        raise InvalidContract(unset)
    filled = _filled(block, environment, block.credential_variables())
    try:
        made = External.model_validate(filled)
    except ValidationError as error:
        raise InvalidContract(_unfit(contract, service["loc"]) for service in error.errors()) from error
    passwords = {
        name: Secret(f"external {name} administrator", resolve(service.administrator.password, environment))
        for name, service in block.services.items()
        if service.administrator
    }
    marker = Secret("drill marker", resolve(block.marker, environment))
    if len(marker.reveal()) < NONCE_CHARACTERS:
        raise ContractError(
            f"the marker that {block.marker} holds is shorter than {NONCE_CHARACTERS} characters",
            where=contract.where("external", "marker"),
            hint="provisioning makes a new one for each drill, as `openssl rand -hex 24` does",
        )
    secrets = (marker, *passwords.values(), *_secret_values(environment, block.secret_variables()))
    trusted = system_trust(environment)
    tls = {
        name: _tls(contract, name, service, trusted) for name, service in made.services.items() if service.tls
    }
    return ExternalTarget(contract, made, marker, passwords, tls, secrets)


def _tls(contract: Contract, name: str, service: ExternalService, trusted: Path | None) -> Tls:
    """Return how ``service`` is verified, if need be by what is ``trusted`` here. Raises ContractError."""
    where = contract.where("external", "services", name, "tls")
    if reader_of(contract.services[name].component) is None:
        raise ContractError(
            f"{name}: `tls` is for what the drill asks as an administrator: a database, S3 or Keycloak",
            where=where,
            hint="leave it out: whether any other is asked by TLS, the contract's own addresses say",
        )
    named = service.tls.ca if service.tls else None
    ca = contract.directory / named if named else trusted
    if ca is None:
        raise ContractError(
            f"{name}: this machine has no file of authorities that it trusts",
            where=where,
            hint="install ca-certificates, or name one: `tls: {ca: FILE}`",
        )
    tls = Tls(service.address, ca)
    try:
        tls.context()
    except OSError as error:
        raise ContractError(
            f"{name}: {ca} holds no certificates that can be read: {error.strerror or error}",
            where=where,
            hint="`ca` is a PEM file of those who sign its certificate, by its path from the contract",
        ) from error
    return tls


def _secret_values(environment: Mapping[str, str], taken: frozenset[str]) -> Iterator[Secret]:
    """Yield what of the environment is secret: by its name, or because the block has ``taken`` it."""
    for name, value in environment.items():
        if (name in taken or _SECRET_NAME.search(name)) and is_distinctive(value):
            yield Secret(name, value)


def _unset(contract: Contract, block: External, environment: Mapping[str, str]) -> Iterator[Problem]:
    reported: set[str] = set()
    for path, text in block.texts():
        for name in variables_in(text):
            if not environment.get(name) and name not in reported:
                reported.add(name)
                where = ".".join(map(str, ("external", *path)))
                message = f"{where}: ${name} is not set in the environment of this drill"
                yield Problem(contract.where("external", *path), message, nearest(name, environment))


def _unfit(contract: Contract, path: tuple[str | int, ...]) -> Problem:
    """Return the problem of a value that a variable gave; only a port or a place can be wrong."""
    dotted = ".".join(map(str, ("external", *path)))
    place = path[-1] == "inside" or "beyond" in path
    message = f"{dotted}: what the variable holds is no {'HOST:PORT' if place else 'port'}"
    return Problem(contract.where("external", *path), message)


def _filled(value: Any, environment: Mapping[str, str], secret: frozenset[str]) -> Any:
    """Return ``value`` with its variables replaced, except those that are secret."""
    if isinstance(value, External):
        value = value.model_dump()
    if isinstance(value, dict):
        return {key: _filled(inner, environment, secret) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, environment, secret) for inner in value]
    if isinstance(value, float):
        return f"{value} s"  # as a span of time is written
    if isinstance(value, str) and not secret.intersection(variables_in(value)):
        return resolve(value, environment)
    return value

"""The ``external:`` block of a contract: a target that the harness did not start, and how to handle it.

Any text of it may hold ``$NAME``: a variable of the environment that the drill is started in, looked up when
it starts. What is secret may only be given so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from restoreproof.contract import Contract
from restoreproof.contract.declarations import AssetName, Defines, ServiceName
from restoreproof.contract.durations import Seconds
from restoreproof.contract.problems import Problem, dotted, nearest
from restoreproof.contract.ref import Ref
from restoreproof.contract.runtime_blocks import RuntimeBlock
from restoreproof.contract.variables import variables_in

RUNTIME = "external"
"""The name of the runtime, and of its block."""
_OF_TARGET = "service of the target"
_VARIABLE = r"^\$(\{\w+\}|[A-Za-z_]\w*)$"
_PORT = rf"^[1-9]\d{{0,4}}$|{_VARIABLE}"
_PLACE = r"^[^\s:]+:[1-9]\d{0,4}$|\$"
_PORTS = [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string", "pattern": _PORT}]
TARGET, HOST, PORT, REFERENCE = "{target}", "{host}", "{port}", "{reference}"
"""What a command may ask for beside variables, each as a whole word or within one."""
THIS_MACHINE = "this-machine"
"""What ``beyond`` says of a target on the machine that drills: that machine's own listener is beyond it."""


def _text(value: object) -> object:
    return str(value) if type(value) is int else value


def _named(text: str) -> str:
    if not re.match(_VARIABLE, text):
        # It may well be the secret itself, so what was given is not said.
        raise ValueError("write it as $NAME and set that variable for the drill: a contract holds no secrets")
    return text


def _placed(text: str) -> str:
    if not re.search(_PLACE, text):
        raise ValueError(f"{text!r} is no HOST:PORT")
    return text


def _beyond(text: str) -> str:
    return text if text == THIS_MACHINE else _placed(text)


def _tries(argv: tuple[str, ...]) -> tuple[str, ...]:
    words = " ".join(argv)
    # A probe with a port of its own would never come to the listener, whatever led out.
    if TARGET not in words and not (HOST in words and PORT in words):
        raise ValueError(f"the probe is not told what to try: write {TARGET}, or {HOST} and {PORT}")
    return argv


def _numbered(text: str) -> str:
    if not re.match(_PORT, text) or (text.isdecimal() and int(text) > 65535):
        raise ValueError(f"{text!r} is no port; write a number, or $NAME")
    return text


Text = Annotated[str, Field(min_length=1)]
Variable = Annotated[str, AfterValidator(_named), Field(json_schema_extra={"pattern": _VARIABLE})]
"""A value that a contract may name and never hold."""
Place = Annotated[str, AfterValidator(_placed), Field(json_schema_extra={"pattern": _PLACE})]
"""Host and port, for whoever is inside the target."""
Beyond = Annotated[
    str,
    AfterValidator(_beyond),
    Field(json_schema_extra={"pattern": rf"^{THIS_MACHINE}$|{_PLACE}"}),
]
"""What the target must not reach, though an ordinary machine does."""
Port = Annotated[
    str, BeforeValidator(_text), AfterValidator(_numbered), WithJsonSchema({"anyOf": _PORTS, "title": "Port"})
]
Command = Annotated[tuple[Text, ...], Field(min_length=1)]
"""A program and its arguments; no shell reads them."""


class Block(BaseModel):
    """Base of the blocks within ``external:``: frozen, all keys known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExternalAdministrator(Block):
    """Account that may create roles and databases, buckets or realms in a service of the target."""

    user: Text
    password: Variable


class ExternalTls(Block):
    """TLS of a service: its certificate has to be for its ``address``.

    ``ca`` is a PEM file of those who may have signed it, by its path from the contract; without it they are
    those whom this machine trusts.
    """

    ca: Text | None = None


class ExternalRestore(Block):
    """Command that restores an asset of which the set holds a reference only, such as a snapshot."""

    command: Command
    deadline: Seconds = 7200.0


class ExternalIsolation(Block):
    """Means to show that nothing leads out of the target.

    ``probe`` tries TCP to ``{target}``, or to ``{host}`` and ``{port}``, from inside the target's network:
    exit 0 if it was reached, 1 if not, anything else counts as reached. ``address`` is where an ordinary
    machine reaches the one that drills. ``beyond`` lists what is on other machines (HOST:PORT), is reached
    over the network by the one that drills, and must be missed by the probe: whether anybody else reaches
    ``address``, that machine can't tell. ``this-machine`` is enough where the target runs on it. ``within``
    is the service, by its ``inside``, that the very same command must reach: a probe that reaches nothing at
    all proves nothing.
    """

    probe: Annotated[Command, AfterValidator(_tries)]
    address: Text
    beyond: tuple[Beyond, ...] = Field(min_length=1)
    within: Annotated[str, Ref(_OF_TARGET)]


class ExternalService(Block):
    """One service of the target: its place, and its commands; what has no command can't be done.

    Without ``tls`` an administrator's password goes to this machine's own addresses only; ``tls: false`` says
    that nobody else can read it on its way. Without ``start`` it runs already, and the drill only waits until
    it answers. ``exec`` is a prefix: a tool and its arguments are appended. ``inside`` is where it listens
    within the target, ``since`` prints when its process started (ISO 8601).
    """

    address: Text
    port: Port
    ports: dict[str, Port] = Field(default_factory=dict)
    inside: Place | None = None
    tls: ExternalTls | Literal[False] | None = None
    administrator: ExternalAdministrator | None = None
    start: Command | None = None
    stop: Command | None = None
    exec: Command | None = None
    logs: Command | None = None
    since: Command | None = None


class External(RuntimeBlock):
    """A target that somebody else provisioned for one drill.

    ``marker`` is the nonce that provisioning left in each of its stores, and that no production store has.
    ``down`` removes the target when the drill is over; without it the target is left as it is. ``plain``
    names the variables whose values are no secret: every other is one, unless it says where something is.
    """

    marker: Variable
    max_age: Seconds = 86400.0
    isolation: ExternalIsolation | None = None
    restore: dict[AssetName, ExternalRestore] = Field(default_factory=dict)
    services: dict[Annotated[ServiceName, Defines(_OF_TARGET, spoken=False)], ExternalService] = Field(
        min_length=1
    )
    down: Command | None = None
    plain: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], ...] = ()

    def problems(self, contract: Contract) -> Iterator[Problem]:
        yield from self._secrets_in_commands(contract)
        yield from self._wrongly_plain(contract)
        yield from self._unprobed(contract)

    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield every text of the block, and the keys that lead to it."""
        yield from _texts(self.model_dump(), ())

    def credential_variables(self) -> frozenset[str]:
        """Return the names of the variables that hold the marker and the passwords."""
        administrators = (
            service.administrator for service in self.services.values() if service.administrator
        )
        texts = [self.marker, *(administrator.password for administrator in administrators)]
        return frozenset(name for text in texts for name in variables_in(text))

    def secret_variables(self) -> frozenset[str]:
        """Return the names of the variables whose values are secret.

        These are all but those that say where something is, and those that ``plain`` names.
        """
        used = [(path, name) for path, text in self.texts() for name in variables_in(text)]
        places = {name for path, name in used if _is_place(path)}
        return frozenset({name for _, name in used} - places - {*self.plain}) | self.credential_variables()

    def _secrets_in_commands(self, contract: Contract) -> Iterator[Problem]:
        """Yield each secret on a command line, which everybody on the machine can read."""
        secret = self.secret_variables()
        for path, text in self.texts():
            if type(path[-1]) is int:
                for name in sorted(secret.intersection(variables_in(text))):
                    message = (
                        f"{dotted(('external', *path))}: ${name} is secret and would be in the process list; "
                        f"the command has it in its environment, or external.plain says that it is none"
                    )
                    yield Problem(contract.where("external", *path), message)

    def _wrongly_plain(self, contract: Contract) -> Iterator[Problem]:
        """Yield each name in ``plain`` that the block does not use, or that holds a credential."""
        used = {name for _, text in self.texts() for name in variables_in(text)}
        for position, name in enumerate(self.plain):
            where = contract.where("external", "plain", position)
            if name in self.credential_variables():
                yield Problem(where, f"external.plain: ${name} holds the marker or a password")
            elif name not in used:
                message = f"external.plain: nothing of the block asks for ${name}"
                yield Problem(where, message, nearest(name, used))

    def _unprobed(self, contract: Contract) -> Iterator[Problem]:
        """Yield the service that the probe has to reach, if the block does not say where it is inside."""
        beside = self.services.get(self.isolation.within) if self.isolation else None
        if self.isolation and beside and beside.inside is None:
            name = self.isolation.within
            message = (
                f"external.services.{name} does not say where it is `inside:` the target, "
                "for the probe to reach"
            )
            yield Problem(contract.where("external", "services", name), message)


def block_of(contract: Contract) -> External | None:
    """Return the ``external:`` block of ``contract``; None if it has none."""
    block = contract.runtime_block(RUNTIME)
    assert block is None or isinstance(block, External), "the contract's model is this one"
    return block


def _is_place(path: tuple[str | int, ...]) -> bool:
    """Return whether the text at ``path`` says where something is, which the evidence tells."""
    return path[-1] in ("address", "port", "inside", "ca") or not {"ports", "beyond"}.isdisjoint(path)


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*path, position))

"""``target VERB ARGUMENT…``: one order to the player in whose directory a copy of this file lies.

It is what a user's own script would be: the drill runs it as a command of the contract's ``external:`` block
and tells it the rest by environment. It is the standard library alone, so that the copy runs anywhere.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ORDERS = "orders.sock"
UNFIT = 2
"""What every order ends with when no player is there to obey it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a player is to do: ``files`` are base64, by the path that they have for the service."""

    verb: str
    arguments: list[str] = field(default_factory=list)
    marker: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    appended: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    write: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reply:
    """How it went, in a command's terms."""

    code: int
    out: str = ""
    err: str = ""


def order_of(argv: Sequence[str], told: Mapping[str, str]) -> Order:
    """The order that ``argv`` and the harness's variables in ``told`` make together."""
    verb, *arguments = argv
    return Order(
        verb,
        [one for place, one in enumerate(arguments) if (place, one) != (1, "--")],
        told.get("RESTOREPROOF_MARKER", ""),
        _variables(told.get("RESTOREPROOF_ENVIRONMENT")),
        _files(told.get("RESTOREPROOF_FILES")),
        json.loads(told.get("RESTOREPROOF_ARGUMENTS", "[]")),
        json.loads(told.get("RESTOREPROOF_READ", "[]")),
        json.loads(told.get("RESTOREPROOF_WRITE", "[]")),
    )


def give(directory: Path, order: Order) -> Reply:
    """Have ``order`` obeyed by the player in ``directory``; it gets our standard input and output too."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as player:
        # By a relative name: the path of a socket may not be longer than 107 bytes.
        os.chdir(directory)
        try:
            player.connect(ORDERS)
        except OSError as error:
            return Reply(UNFIT, err=f"no player answers in {directory}: {error}\n")
        socket.send_fds(player, [b"\n"], [0, 1])
        player.sendall(json.dumps(asdict(order)).encode() + b"\n")
        with player.makefile("rb") as answers:
            answer = answers.readline()
    return Reply(**json.loads(answer)) if answer else Reply(UNFIT, err="the player ended meanwhile\n")


def _variables(path: str | None) -> dict[str, str]:
    lines = Path(path).read_text().split("\n") if path else []
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _files(directory: str | None) -> dict[str, str]:
    if not directory:
        return {}
    found = (path for path in Path(directory).rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): base64.b64encode(path.read_bytes()).decode() for path in found}


def main(argv: Sequence[str]) -> int:
    """Give the order that the command line is, and end as it ended."""
    reply = give(Path(__file__).resolve().parent, order_of(argv, os.environ))
    sys.stdout.write(reply.out)
    sys.stderr.write(reply.err)
    return reply.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

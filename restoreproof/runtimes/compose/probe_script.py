"""Runs in a container: tries each target of its argument (JSON: probe name to [kind, target]).

An answer of any kind counts as reached, a refusal too: whoever refuses is there. It imports nothing but the
standard library, and is sent to ``python -`` as text.
"""

import json
import socket
import sys
from collections.abc import Callable

TIMEOUT_S = 2.0


def tcp(target: str) -> str:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S).close()
    except ConnectionRefusedError:
        return "refused, so somebody is there"
    return "connected"


def unix(target: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(target)
    return "connected"


def resolve(target: str) -> str:
    return f"resolved to {socket.getaddrinfo(target, 443)[0][4][0]}"


ATTEMPTS: dict[str, Callable[[str], str]] = {"tcp": tcp, "unix": unix, "resolve": resolve}


def main() -> None:
    for probe, (kind, target) in json.loads(sys.argv[1]).items():
        try:
            reached, detail = True, ATTEMPTS[kind](target)
        except OSError as error:
            reached, detail = False, str(error)
        print(json.dumps({"probe": probe, "reached": reached, "detail": f"{target}: {detail}"}), flush=True)


if __name__ == "__main__":
    main()

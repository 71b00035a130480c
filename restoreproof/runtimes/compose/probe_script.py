"""Runs in a container: tries each target of its argument (JSON: probe name to [kind, target]), all at once.

An answer of any kind counts as reached, a refusal too: whoever refuses is there. It imports nothing but the
standard library, and is sent to ``python -`` as text.
"""

import json
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 2.0


def tcp(target: str) -> str:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S).close()
    except ConnectionRefusedError:
        return "refused, so somebody is there"
    return "connected"


def resolve(target: str) -> str:
    return f"resolved to {socket.getaddrinfo(target, 443)[0][4][0]}"


ATTEMPTS: dict[str, Callable[[str], str]] = {"tcp": tcp, "resolve": resolve}


def attempt(asked: tuple[str, tuple[str, str]]) -> dict[str, object]:
    probe, (kind, target) = asked
    try:
        reached, detail = True, ATTEMPTS[kind](target)
    except OSError as error:
        reached, detail = False, str(error)
    return {"probe": probe, "reached": reached, "detail": f"{target}: {detail}"}


def main() -> None:
    asked = json.loads(sys.argv[1])
    with ThreadPoolExecutor(len(asked)) as pool:
        for answer in pool.map(attempt, asked.items()):
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

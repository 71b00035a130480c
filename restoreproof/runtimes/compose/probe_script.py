"""Run in a container: try each target of its argument (JSON: probe name to [kind, target]), all at once.

An answer of any kind counts as reached, a refusal too: whoever refuses is there. It imports nothing but the
standard library, and is sent to ``python -`` as text.
"""

import contextlib
import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TIMEOUT_S = 2.0
ARP_COMPLETE = 0x2
SCOPE_LINK = 0x20
TCP_LISTEN, UDP_UNCONNECTED = "0A", "07"
RESOLVER = f"{int.from_bytes(socket.inet_aton('127.0.0.11'), sys.byteorder):08X}"


def tcp(target: str) -> str:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S).close()
    except ConnectionRefusedError:
        return "refused, so somebody is there"
    return "connected"


def route(target: str) -> str:
    """Find whether a packet for ``target`` is taken from here; none goes further than to the next hop.

    IPv6 asks for a route alone. By IPv4 an isolated network may have a default route too, which leads to an
    address that nobody has: so somebody at its end must say by ARP that he is there.
    """
    v6 = ":" in target
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as client:
        if not v6:
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        client.connect((target, 9))
        if v6:
            return f"routed from {client.getsockname()[0]}"
        hop = next_hop() or target
        client.send(b"")
        client.settimeout(0.05)
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            if answers(hop):
                return f"{hop} takes what is sent there"
            # Whatever comes back, also that it was refused, came by way of the next hop.
            with contextlib.suppress(OSError):
                client.recv(1)
    raise OSError(f"nobody is at {hop}, where the route leads")


def next_hop() -> str | None:
    """Return the gateway of the default route, if it has one."""
    for _, destination, gateway, *_ in rows("route"):
        if destination == "00000000" and gateway != "00000000":
            return socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
    return None


def answers(address: str) -> bool:
    """Return whether somebody has said that ``address`` is his."""
    return any(owned == address and int(flags, 16) & ARP_COMPLETE for owned, _, flags, *_ in rows("arp"))


def rows(table: str) -> list[list[str]]:
    """Return what the kernel says below the head of one of its tables."""
    return [line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:]]


def resolve(target: str) -> str:
    return f"resolved to {socket.getaddrinfo(target, 443)[0][4][0]}"


def link_local(target: str) -> str:
    """Find an address by which the neighbours of an interface are reached: the host is one of them."""
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else ():
        address, _, _, scope, _, interface = line.split()
        if int(scope, 16) == SCOPE_LINK and interface != "lo":
            packed = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(address))
            return f"{interface} has {packed}, and so reaches whoever is on its network"
    raise OSError("no interface has a link-local address")


def listeners(target: str) -> str:
    """Find whether anybody listens here on a port that is not among those of ``target``."""
    allowed = {int(port) for port in target.split(",")}
    others = set()
    for table, state in (
        ("tcp", TCP_LISTEN),
        ("tcp6", TCP_LISTEN),
        ("udp", UDP_UNCONNECTED),
        ("udp6", UDP_UNCONNECTED),
    ):
        for _, local, _, what, *_ in rows(table) if Path("/proc/net", table).exists() else ():
            address, _, port = local.partition(":")
            # The daemon's own resolver listens there, in every container.
            if (
                what == state
                and address != RESOLVER
                and not (table.startswith("tcp") and int(port, 16) in allowed)
            ):
                others.add(f"{table} {int(port, 16)}")
    if others:
        return f"{', '.join(sorted(others))} is listened on too"
    raise OSError("nobody listens on another port")


def forwarding(target: str) -> str:
    """Find whether packets for others that come here are passed on."""
    switches = [Path("/proc/sys/net/ipv4/ip_forward"), Path("/proc/sys/net/ipv6/conf/all/forwarding")]
    if on := [str(switch) for switch in switches if switch.exists() and switch.read_text().strip() != "0"]:
        return f"{', '.join(on)} is on"
    raise OSError("packets for others are not passed on")


ATTEMPTS: dict[str, Callable[[str], str]] = {
    "tcp": tcp,
    "route": route,
    "resolve": resolve,
    "link-local": link_local,
    "listeners": listeners,
    "forwarding": forwarding,
}


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

"""Addresses of the machine that runs the tests."""

from __future__ import annotations

import ipaddress
import socket

import psutil


def own_address() -> str:
    """An IPv4 address of this machine that is not every machine's: its containers could reach it by that."""
    found = (one for addresses in psutil.net_if_addrs().values() for one in addresses)
    known = [one.address for one in found if one.family == socket.AF_INET]
    own = [address for address in known if not ipaddress.ip_address(address).is_loopback]
    assert own, "this machine has loopback addresses only: no listener of it can show isolation"
    return own[0]

"""The probe's function: in the instance's subnets, with its security group, it tries one connection."""

import socket


def handler(event: dict[str, object], context: object = None) -> dict[str, str]:
    """The answer ``reached`` or ``not reached``; whoever refuses was reached."""
    try:
        socket.create_connection((str(event["host"]), int(str(event["port"]))), timeout=5).close()
    except ConnectionRefusedError:
        return {"answer": "reached"}
    except OSError:
        return {"answer": "not reached"}
    return {"answer": "reached"}

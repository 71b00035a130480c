#!/usr/bin/env python3
"""The commands that a drill gives its target, by kubectl.

up                        a fresh target: empty stores, with the drill's marker in them
start SERVICE             with what the drill restored, as RESTOREPROOF_* says
stop SERVICE
exec DEPLOYMENT -- TOOL…  beside the stack; its directories are carried there and back
logs SERVICE
since SERVICE             when its process started
probe HOST PORT           from inside: exit 0 if it was reached, 1 if not
down                      nothing runs, and nothing that was restored is left
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cluster
import restored
from cluster import PART_OF, STORES, WORK, Refused, attached, kubectl, workload

_PROVISION = Path(__file__).with_name("target") / "provision.yaml"
_PATIENCE = "--timeout=300s"
_TOOLS = "tools"
_PROBE = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()
    print("reached")
except ConnectionRefusedError:
    print("reached")
except OSError as error:
    print("not reached")
"""
"""A refusal is an answer: whoever refuses was reached."""


def up() -> None:
    """Stores anew: their claims went with their pods, so nothing of an earlier drill is there."""
    down()
    cluster.store("s3-files", {"files.tar": cluster.packed({"s3.json": restored.identities()})})
    for name in STORES:
        kubectl("scale", workload(name), "--replicas=1")
    for name in STORES:
        kubectl("rollout", "status", workload(name), _PATIENCE)
    _roll_out(_TOOLS, [])
    kubectl("delete", "job", "provision", "--ignore-not-found", "--cascade=foreground", _PATIENCE)
    kubectl("apply", "--filename", str(_PROVISION))
    kubectl("wait", "--for=condition=complete", "job/provision", _PATIENCE)


def down() -> None:
    """Everything to zero; of the Secrets only those that drills make, not the operator's."""
    kubectl("scale", "statefulset,deployment", f"--selector={PART_OF}", "--replicas=0")
    for kind in ("pod", "persistentvolumeclaim"):
        selector = f"--selector={PART_OF},app.kubernetes.io/name!=provision"
        kubectl("wait", "--for=delete", kind, selector, _PATIENCE)
    kubectl("delete", "secret", f"--selector={PART_OF}", "--ignore-not-found")


def start(service: str) -> None:
    """Lay what was restored; return when the service is ready."""
    variables, files = restored.adapted(service)
    cluster.store(f"{service}-environment", {name: one.encode() for name, one in variables.items()})
    cluster.store(f"{service}-files", {"files.tar": cluster.packed(files)})
    _roll_out(service, json.loads(os.environ.get("RESTOREPROOF_ARGUMENTS", "[]")))


def _roll_out(service: str, arguments: Sequence[str]) -> None:
    services = cluster.asked("get", "service")["items"]
    kubectl("patch", workload(service), "--patch", json.dumps(patch(service, arguments, services)))
    kubectl("rollout", "status", workload(service), _PATIENCE)


def patch(service: str, arguments: Sequence[str], services: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One pod, new whatever ran before. It knows the others by name; its own name is its own address."""
    aliases: list[dict[str, Any]] = []
    for one in services:
        name, notes = one["metadata"]["name"], one["metadata"].get("annotations", {})
        if name != service:
            names = [name, *notes.get("restoreproof/names", "").split()]
            aliases.append({"ip": one["spec"]["clusterIP"], "hostnames": names})
    pod: dict[str, Any] = {"hostAliases": aliases}
    if service not in STORES:
        pod["containers"] = [{"name": service, "args": list(arguments)}]
    template = {"metadata": {"annotations": {"restoreproof/start": os.urandom(8).hex()}}, "spec": pod}
    return {"spec": {"replicas": 1, "template": template}}


def stop(service: str) -> None:
    """Return when no pod of it is left."""
    kubectl("scale", workload(service), "--replicas=0")
    kubectl("wait", "--for=delete", "pod", f"--selector=app.kubernetes.io/name={service}", _PATIENCE)


def execute(deployment: str, _: str, *command: str) -> int:
    """Run a tool with the drill's variables and directories; nothing of them stays in the pod."""
    place = ("exec", "--stdin", f"deployment/{deployment}", "--")
    environment = f"{WORK}/environment.env"
    lines = "".join(f"{name}={value}\n" for name, value in restored.variables().items())
    kubectl(*place, "bash", "-c", 'umask 077 && cat > "$1"', "keep", environment, given=lines.encode())
    try:
        for directory in _directories("READ") | _directories("WRITE"):
            content = cluster.packed_directory(directory)
            kubectl(*place, "tar", "--extract", f"--directory={WORK}", given=content)
        code = attached(deployment, "env", f"STACK_ENVIRONMENT={environment}", "with-environment", *command)
        for directory in _directories("WRITE"):
            path = cluster.below_work(directory)
            cluster.unpack(kubectl(*place, "tar", "--create", f"--directory={WORK}", path, given=b""))
    finally:
        kubectl(*place, "find", str(WORK), "-mindepth", "1", "-delete", given=b"")
    return code


def _directories(use: str) -> set[Path]:
    return {Path(one) for one in json.loads(os.environ.get(f"RESTOREPROOF_{use}", "[]"))}


def logs(service: str) -> None:
    """All that its present container said."""
    sys.stdout.buffer.write(kubectl("logs", workload(service), "--all-containers"))


def since(service: str) -> None:
    """When the kubelet started its container."""
    pods = cluster.asked("get", "pod", f"--selector=app.kubernetes.io/name={service}")["items"]
    states = [one["state"] for pod in pods for one in pod["status"].get("containerStatuses", ())]
    running = [state["running"]["startedAt"] for state in states if "running" in state]
    if not running:
        raise Refused(f"no container of {service} runs")
    print(min(running))


def probe(host: str, port: str) -> int:
    """0 if anything at ``host`` answers from inside, 1 if nothing does.

    It is what was said there that counts, not the exit code: kubectl's own failures end with 1 too.
    """
    where = ("exec", f"deployment/{_TOOLS}", "--")
    said = kubectl(*where, "python", "-c", _PROBE, host, port).decode().strip()
    print(said)
    return {"reached": 0, "not reached": 1}[said]


COMMANDS: Mapping[str, Callable[..., int | None]] = {
    "up": up,
    "down": down,
    "start": start,
    "stop": stop,
    "exec": execute,
    "logs": logs,
    "since": since,
    "probe": probe,
}


def main(arguments: Sequence[str]) -> int:
    """The command's exit code; what went wrong is on standard error. 1 is kept for what a command found.

    From 125 on a drill takes what ``exec`` ends with for a failure of this wrapper, not of the tool.
    """
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 125
    try:
        return COMMANDS[name](*rest) or 0
    except (Refused, KeyError) as error:
        print(f"target.py {name}: {error}", file=sys.stderr)
        return 126
    except subprocess.CalledProcessError as error:
        command = " ".join(error.cmd[:5])
        print(f"target.py {name}: `{command} …` ended with {error.returncode}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

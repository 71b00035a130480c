"""What the target's commands say to Kubernetes: through kubectl, and never a secret on its command line."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMESPACE = os.environ.get("TARGET_NAMESPACE", "wipe-drill")
PART_OF = "app.kubernetes.io/part-of=wipe-drill"
STORES = ("postgres", "s3")
WORK = Path("/data")
"""Where the drill works, in its own pod and in the tools' pod alike, so that paths mean the same in both."""


class Refused(Exception):
    """Something that whoever gave the command can mend."""


def kubectl(*arguments: str, given: bytes | None = None) -> bytes:
    """What kubectl printed. Raises CalledProcessError; what it complained of is on standard error."""
    command = ["kubectl", "--namespace", NAMESPACE, *arguments]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def attached(deployment: str, *command: str) -> int:
    """The exit code of ``command`` in a pod of ``deployment``; standard input and output are its own.

    kubectl ends with 1 also where it lost the pod, so the code is what the pod wrote down. Raises
    CalledProcessError if it wrote nothing.
    """
    told = f"{WORK}/exit-code"
    prefix = ["kubectl", "--namespace", NAMESPACE, "exec", "--stdin", f"deployment/{deployment}", "--"]
    subprocess.run([*prefix, "bash", "-c", '"$@"; echo $? > "$0"', told, *command], check=False)
    return int(kubectl("exec", f"deployment/{deployment}", "--", "cat", told, given=b""))


def asked(*arguments: str) -> dict[str, Any]:
    """The answer of a kubectl that prints JSON."""
    answer: dict[str, Any] = json.loads(kubectl(*arguments, "--output=json"))
    return answer


def workload(service: str) -> str:
    """kind/name."""
    return f"{'statefulset' if service in STORES else 'deployment'}/{service}"


def store(name: str, data: Mapping[str, bytes]) -> None:
    """Make or replace one Secret of the drill. The server applies it, so no annotation keeps a copy."""
    options = ["--server-side", "--force-conflicts", "--field-manager=restoreproof", "--filename=-"]
    kubectl("apply", *options, given=json.dumps(secret(name, data)).encode())


def secret(name: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    """A Secret that ``target.py down`` removes."""
    label, value = PART_OF.split("=")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {label: value}},
        "data": {key: base64.b64encode(content).decode() for key, content in data.items()},
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one tar: a key of a Secret can hold no directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def packed_directory(directory: Path) -> bytes:
    """A directory as a tar, by its path from ``WORK``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(directory, arcname=below_work(directory))
    return buffer.getvalue()


def unpack(content: bytes, place: Path = WORK) -> None:
    """Take back what a tool wrote: files and directories below ``place``. Raises Refused for all else."""
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:
            path = (place / member.name).resolve()
            source = tar.extractfile(member) if member.isreg() else None
            if not path.is_relative_to(place) or not (source or member.isdir()):
                raise Refused(f"the tool left {member.name}, which is no file of its directory")
            (path.parent if source else path).mkdir(parents=True, exist_ok=True)
            if source:
                path.touch(mode=0o600)
                path.write_bytes(source.read())


def below_work(directory: Path) -> str:
    """Its path from ``WORK``. Raises Refused."""
    try:
        return str(directory.relative_to(WORK))
    except ValueError as error:
        raise Refused(f"{directory} is not below {WORK}; start the drill with --var {WORK}/var") from error

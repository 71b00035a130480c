"""What the operations handbook says to do to a running stack, done word for word."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.containers.test_reference_stack import COMPOSE, Stack
from tests.workshop import CONTRACT, Drilled, Workshop

PAGE = Path(__file__).parents[2] / "docs" / "adopt.md"
BUCKETS = ("proofs", "certificates", "binaries", "exports")


def commands() -> list[list[str]]:
    """The commands of the first example of docs/adopt.md."""
    example = PAGE.read_text().split("```sh\n", 1)[1].split("```", 1)[0]
    return [shlex.split(line) for line in example.splitlines()]


@dataclass
class Documented:
    """A backup taken by the book: each step is one of its lines, in a directory of its own."""

    stack: Stack
    workshop: Workshop
    directory: Path
    adopted: dict[str, Any] | None = None
    drilled: Drilled | None = None

    def take(self) -> None:
        """Run the two documented commands, unchanged: compose learns the project by its environment."""
        for command in commands()[:2]:
            environment = {"COMPOSE_PROJECT_NAME": self.stack.project, "COMPOSE_FILE": str(COMPOSE)}
            done = subprocess.run(
                command,
                cwd=self.directory,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{shlex.join(command)}: {done.stderr}"

    def mirror(self) -> None:
        """Copy every bucket that can be read, through the edge, as any S3 client would."""
        told = self.stack.compose("exec", "-T", "signer", "cat", "/run/stack/environment.env")
        given = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{self.stack.compose('port', 'edge', '8333')}",
            aws_access_key_id=given["S3_ACCESS_KEY"],
            aws_secret_access_key=given["S3_SECRET_KEY"],
            region_name=given["S3_REGION"],
            config=Config(s3={"addressing_style": "path"}),
        )
        for bucket in (given[f"S3_BUCKET_{name.upper()}"] for name in BUCKETS):
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for one in page.get("Contents", ()):
                    target = self.directory / "mirror" / bucket / one["Key"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    client.download_file(bucket, one["Key"], str(target))
        client.close()

    def adopt(self) -> None:
        """Make a set of what lies here."""
        self.workshop.give(self.directory)
        done = self.workshop.run(
            "adopt", self.directory / "wipe.dump", "--contract", CONTRACT,
            "--objects", self.directory / "mirror", "--out", self.directory / "set", "--synthetic", "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.output
        self.adopted = json.loads(done.output)
        self.workshop.give(self.directory)

    def drill(self) -> None:
        """Drill that set in containers."""
        self.drilled = self.workshop.drill("--set", self.directory / "set", "--runtime", "compose")

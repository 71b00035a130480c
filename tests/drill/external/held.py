"""A player in the background, and the environment in which a drill finds its target."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
from botocore.config import Config

from restoreproof.waiting import NotReady, wait_until
from tests.addresses import own_address
from tests.workshop import CONTRACT, ROOT, Done, Drilled, Workshop

MARKER = "RESTOREPROOF_DRILL_MARKER"
STORES = ("postgres", "s3")


class HeldTarget:
    """A target that a player holds in ``directory``; ``nonce`` is what its provisioning was told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.nonce = secrets.token_hex(16)

    def order(self, *arguments: object, **environment: str) -> str:
        """Give one order and return what it printed; a failure of it is one of the test."""
        done = self.attempt(*arguments, **environment)
        assert done.returncode == 0, f"target {arguments}: {done.stderr}"
        return done.stdout

    def attempt(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Give one order, however it ends."""
        return subprocess.run(
            [self.directory / "target", *map(str, arguments)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def provision(self, services: Sequence[str] = STORES) -> None:
        """Throw away what there is, and bring up ``services`` with the drill's marker in each."""
        self.order("fresh")
        for service in services:
            self.order("start", service)
            self.order("mark", service, self.nonce)

    def environment(self) -> dict[str, str]:
        """What the contract's ``external:`` block asks for."""
        told = dict(line.split("=", 1) for line in self.order("env").splitlines())
        return {MARKER: self.nonce, "HARNESS_ADDRESS": own_address(), **told}

    def events(self) -> str:
        """What the player did until now, as it wrote it down."""
        return (self.directory / "player.jsonl").read_text()

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection to the target's PostgreSQL from outside, as a drill makes one."""
        told = self.environment()
        with psycopg.connect(
            host="127.0.0.1",
            port=told["POSTGRES_PORT"],
            user=told["POSTGRES_OWNER"],
            password=told["POSTGRES_OWNER_PASSWORD"],
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            yield connection

    @contextmanager
    def buckets(self) -> Iterator[Any]:
        """A client of the target's object store, as its owner."""
        told = self.environment()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{told['S3_PORT']}",
            region_name="us-east-1",
            aws_access_key_id=told["S3_OWNER"],
            aws_secret_access_key=told["S3_OWNER_PASSWORD"],
            config=Config(s3={"addressing_style": "path"}),
        )
        yield client
        client.close()


@dataclass(frozen=True)
class Foreign:
    """Drills of ``contract`` on ``target``, with the features of any other drill; ``told`` by environment."""

    workshop: Workshop
    target: HeldTarget
    contract: Path
    told: Mapping[str, str] = field(default_factory=dict)

    def drill(self, *more: object, **environment: str) -> Drilled:
        """Perform a drill and read its record."""
        return self.drill_into(self.workshop.reports(), *more, **environment)

    def drill_into(self, reports: Path, *more: object, **environment: str) -> Drilled:
        """The same, with its evidence in ``reports``."""
        done = self._run(reports, more, environment)
        directory = (reports / "latest").resolve()
        assert (directory / "record.json").exists(), done.output
        record = json.loads((directory / "record.json").read_text())
        return Drilled(done.returncode, done.output, directory, record)

    def refused(self, *more: object, **environment: str) -> Done:
        """Ask for a drill that should not come to a record."""
        return self._run(self.workshop.reports(), more, environment)

    def argv(self, reports: Path, *more: object) -> list[str]:
        """The command line of a drill, by the user that the player is."""
        shop = self.workshop
        arguments = shop.drill_arguments(reports, *more, contract=self.contract)
        ordinary = [
            sys.executable,
            "-m",
            "tests.drill.external.ordinary",
            str(shop.directory),
            str(shop.cache),
        ]
        return [*ordinary, *shop.argv(*arguments, "--runtime", "external")]

    def _run(self, reports: Path, more: Sequence[object], environment: Mapping[str, str]) -> Done:
        told = {**self.target.environment(), **self.told, **environment}
        return self.workshop.execute(self.argv(reports, *more), **told)


@contextmanager
def held_target(directory: Path, cache: Path, shared: Path) -> Iterator[HeldTarget]:
    """Hold an empty target in ``directory``; its tools see ``shared``. It is gone afterwards."""
    directory.mkdir(parents=True)
    places = map(str, (directory, CONTRACT, cache, shared))
    argv = [sys.executable, "-m", "tests.drill.external.player", *places]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    player = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    target = HeldTarget(directory)

    def answers() -> None:
        if target.attempt("env").returncode:
            raise NotReady("the player takes no orders yet")

    def ended() -> str | None:
        return None if player.poll() is None else f"it ended with {player.returncode}"

    try:
        wait_until(answers, what="the player takes orders", deadline_s=60, gave_up=ended)
        yield target
        target.order("down")
        assert player.wait(timeout=120) == 0
    finally:
        player.kill()
        player.communicate()

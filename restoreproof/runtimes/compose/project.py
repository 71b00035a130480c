"""One compose project: testcontainers' ``DockerCompose`` with a name, a clean environment and deadlines."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import IO, Any

import psutil
from testcontainers.compose import DockerCompose

from restoreproof.contract import Contract
from restoreproof.errors import ContractError, EnvironmentUnfitError, Location
from restoreproof.runtimes.base import Override
from restoreproof.runtimes.compose import composefile
from restoreproof.runtimes.compose.composefile.edge import edge_configuration, published_ports
from restoreproof.runtimes.compose.daemon import daemon_address
from restoreproof.runtimes.compose.grants import Grant
from restoreproof.runtimes.compose.limits import Limits
from restoreproof.runtimes.compose.override import EDGE_SYSCTLS, write_edge
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner, project_name
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.host.processes import kill_family
from restoreproof.waiting import PATIENCE

EDGE = composefile.EDGE
NO_LIMITS = Limits()
"""Of the machine's memory and disk none, where nobody knows what it has."""

_SHORT_S = 60.0
_HARNESS = "restoreproof.components."
"""What the command of a service has in it that runs a module of the harness."""


class Project(DockerCompose):
    """The stack's compose file under a name of the drill's own.

    Raises:
        ContractError: no compose.yaml stands beside the contract.
    """

    def __init__(self, contract: Contract, drill_id: str, workdir: Path) -> None:
        file = contract.directory / "compose.yaml"
        if not file.is_file():
            raise ContractError(
                "no compose.yaml stands beside the contract, and the compose runtime needs one",
                where=Location(str(contract.path)),
                hint="`--runtime process` runs without one",
            )
        self._contract = contract
        super().__init__(context=str(contract.directory), compose_file_name=[str(file)])
        self.name = project_name(drill_id)
        self.workdir = workdir
        self.labels = {DRILL: drill_id}

    @cached_property
    def compose_command_property(self) -> list[str]:
        """Name the project in every command: COMPOSE_PROJECT_NAME of somebody else must never decide it."""
        binary, compose, *files = super().compose_command_property
        return [binary, compose, "--progress", "quiet", "-p", self.name, *files]

    @cached_property
    def config(self) -> dict[str, Any]:
        """Return the compose file as compose understands it; no daemon is asked.

        Raises:
            ContractError: compose refuses it.
            EnvironmentUnfitError: there is no docker command, or no compose in it.
        """
        return self._read()

    def other_image(self, service: str) -> Iterator[Override]:
        """Yield the image of ``service`` as an override, if a variable names another than the file has."""
        usual = composefile.at_default(str(self._uninterpolated["services"][service]["image"]))
        if (image := self.config["services"][service]["image"]) != usual:
            yield Override(f"image {image}", f"a variable names it; the compose file has {usual}")

    @cached_property
    def _uninterpolated(self) -> dict[str, Any]:
        return self._read("--no-interpolate")

    def _read(self, *options: str) -> dict[str, Any]:
        done = self.run(["--profile", "*", "config", "--format", "json", *options])
        if done.returncode:
            self._refuse_without_plugin()
            raise ContractError(
                f"docker compose refuses it: {_words(done)}",
                where=Location(str(Path(self.context) / "compose.yaml")),
                hint="`docker compose config` says the same",
            )
        config: dict[str, Any] = json.loads(done.stdout)
        return config

    def _refuse_without_plugin(self) -> None:
        version = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if version.returncode:
            raise EnvironmentUnfitError(
                f"docker has no compose plugin here: {_words(version).partition(chr(10))[0]}",
                hint="`make images` as root installs it; docs/containers.md says more",
            )

    def variables(self) -> frozenset[str]:
        """Return the names of the variables that the compose file interpolates."""
        text = (Path(self.context) / "compose.yaml").read_text()
        return frozenset(re.findall(r"(?<!\$)\$\{?([A-Za-z_]\w*)", text))

    def own(self, owner: Owner, limits: Limits = NO_LIMITS) -> None:
        """Label everything that is made from now on as ``owner``'s, and pull nothing.

        Scaffolding of the file that a drill does not use keeps its place in it, and is never started. What
        the edge runs is generated, and kept within ``limits``.
        """
        self.labels[OWNER] = str(owner)
        drilled = {"labels": self.labels, "pull_policy": "never"}
        services = dict.fromkeys(self.config["services"], drilled)
        networks = {name: {"labels": self.labels} for name in self.config.get("networks", {})}
        volumes = {name: {"labels": self.labels} for name in self.config.get("volumes", {})}
        path, edge = self.workdir / "drill.yaml", self.workdir / "edge.yaml"
        path.write_text(json.dumps({"services": services, "networks": networks, "volumes": volumes}))
        block, configuration = self.config["services"][EDGE], self.workdir / "edge.conf"
        configuration.write_text(edge_configuration(self._contract, published_ports(block)))
        # The edge's own user reads it; who may come here, the work directory decides.
        configuration.chmod(0o644)
        write_edge(edge, EDGE, block, configuration, limits)
        self.compose_file_name = [*list(self.compose_file_name or ())[:1], str(path), str(edge)]
        self.__dict__.pop("compose_command_property", None)

    def grant(self, service: str, *, volumes: Sequence[str] = (), files: Sequence[Path] = ()) -> Grant:
        """Return what the container of ``service`` is to have, with ``files`` of this machine bound into it.

        Args:
            volumes: the file's names of the volumes that a drill leaves mounted.
        """
        block = self.config["services"][service]
        return Grant(
            networks=frozenset(f"{self.name}_{network}" for network in block.get("networks", {})),
            volumes=frozenset(f"{self.name}_{volume}" for volume in volumes),
            files=tuple(files),
            user=str(block["user"]) if block.get("user") is not None else None,
        )

    def edge_grant(self) -> Grant:
        """Return what the edge's container is to have."""
        return replace(self.grant(EDGE, files=[self.workdir / "edge.conf"]), sysctls=EDGE_SYSCTLS)

    def ask(
        self, arguments: Sequence[str], *, files: Sequence[Path] = (), timeout_s: float = _SHORT_S
    ) -> str:
        """Run a compose command that has to succeed; returns what it printed.

        Raises:
            EnvironmentUnfitError: it failed, or did not end in time; its own words are in the message.
        """
        done = self.run(arguments, files=files, timeout_s=timeout_s)
        if done.returncode:
            complaint = _words(done)
            raise EnvironmentUnfitError(
                f"docker compose {arguments[0]} ended with {done.returncode}: {complaint}",
                hint=hint_for(complaint),
            )
        return done.stdout.decode(errors="replace")

    def run(
        self,
        arguments: Sequence[str],
        *,
        files: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.PIPE,
        timeout_s: float = _SHORT_S,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a compose command with further override ``files``; a failure is returned.

        ``timeout_s`` is before ``PATIENCE``.

        Raises:
            EnvironmentUnfitError: there is no docker command, or it did not end in time; it is dead then.
        """
        limit = timeout_s * PATIENCE
        overrides = [part for file in files for part in ("-f", str(file))]
        argv = [*self.compose_command_property, *overrides, *arguments]
        variables = {**_clean(), **(environment or {})}
        try:
            return _completed(argv, variables, self.context, stdin=stdin, stdout=stdout, limit_s=limit)
        except FileNotFoundError as error:
            raise EnvironmentUnfitError(
                "there is no docker command here",
                hint="docs/containers.md says what the compose runtime needs",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise EnvironmentUnfitError(
                f"docker compose {arguments[0]} did not end within {limit:.0f} s",
                hint="does `docker info` still answer? RESTOREPROOF_PATIENCE multiplies every deadline",
            ) from error


def _completed(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: str | PathLike[str],
    *,
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    limit_s: float,
) -> subprocess.CompletedProcess[bytes]:
    """As subprocess.run, but what ends early ends whole: `docker` would leave its compose plugin at work."""
    with subprocess.Popen(
        argv, env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
    ) as process:
        try:
            stdout_bytes, stderr_bytes = process.communicate(timeout=limit_s)
        except BaseException:
            with contextlib.suppress(psutil.NoSuchProcess):
                kill_family(process.pid)
            raise
    return subprocess.CompletedProcess(argv, process.returncode, stdout_bytes, stderr_bytes)


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The end of what a command complained of."""
    return done.stderr.decode(errors="replace").strip()[-1200:]


def _clean() -> dict[str, str]:
    """Our environment without what would tell compose of another project, or the command of another daemon.

    The command would go by its context, which the API's client does not know: DOCKER_HOST decides it.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    ours.pop("DOCKER_CONTEXT", None)
    return {**ours, "DOCKER_HOST": daemon_address()}


def networks_of(project: Project, services: Sequence[str]) -> list[str]:
    """Return the compose file's names of the networks that the stack's services are on."""
    blocks = [project.config["services"].get(name, {}) for name in services]
    return sorted({network for block in blocks for network in block.get("networks", {})})


def probe_image(project: Project) -> str:
    """Return an image with Python: the sinks', which are the harness's own. Raises EnvironmentUnfitError."""
    for block in project.config["services"].values():
        if _HARNESS in " ".join(block.get("command") or []):
            return str(block["image"])
    raise EnvironmentUnfitError("the compose file has no sink, whose image the isolation is probed with")

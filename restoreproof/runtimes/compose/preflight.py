"""What has to hold before anything of a drill in containers is started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
import docker.errors

from restoreproof.contract import Contract
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.runtimes.compose import composefile
from restoreproof.runtimes.compose.objections import data_of, objections
from restoreproof.runtimes.compose.project import EDGE, Project

_OURS = "restoreproof/"


def refuse_disagreement(contract: Contract, project: Project) -> None:
    """Raise ContractError if the compose file is of another stack than the contract, line by line.

    As compose resolves it too: a variable of this machine may stand for something else than its default.
    """
    problems = objections(contract)
    if not problems:
        problems = composefile.problems_resolved(contract, data_of(contract), project.config)
    if problems:
        first, *others = problems
        more = "".join(f"\n{problem.where}: {problem}" for problem in others)
        raise ContractError(
            f"{first}{more}",
            where=first.where,
            hint="correct the lines named, or the variables in them; `restoreproof lint` finds, without a "
            "drill, what is wrong with every variable at its default",
        )


def refuse_missing_images(
    client: docker.DockerClient, contract: Contract, services: Mapping[str, Any]
) -> None:
    """Raise EnvironmentUnfitError with every image that a drill needs and this machine lacks."""
    missing = missing_images(client, {name: services[name] for name in (*contract.services, EDGE)})
    if missing:
        text = "; ".join(
            f"the image {image}, for {', '.join(names)}, is not on this machine"
            for image, names in missing.items()
        )
        raise EnvironmentUnfitError(text, hint=next_step(missing))


def missing_images(client: docker.DockerClient, services: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the images that this machine lacks, each with the services that run it."""
    missing: dict[str, list[str]] = {}
    for name, block in services.items():
        try:
            client.images.get(str(block["image"]))
        except docker.errors.ImageNotFound:
            missing.setdefault(str(block["image"]), []).append(name)
    return missing


def next_step(missing: Mapping[str, object]) -> str:
    """Say how to have ``missing`` images. A drill pulls none, so that somebody chose what it runs."""
    foreign = [image for image in missing if not image.startswith(_OURS)]
    steps = [f"docker pull {image}" for image in foreign]
    if len(foreign) < len(missing):
        steps.append("make images")
    return f"`{' && '.join(steps)}`; docs/containers.md says more"

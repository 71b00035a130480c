"""What the provisioning command of a source left for each of its services."""

from __future__ import annotations

from pathlib import Path

from restoreproof.assets.base import InstallContext
from restoreproof.errors import EnvironmentUnfitError


def provisioned_file(install_context: InstallContext, service: str, name: str) -> Path:
    """Return the file ``name`` that provisioning left for ``service``.

    It stands at ``SERVICE/NAME`` in the directory that provisioning filled. One that stands at ``NAME`` is
    for the only service of its component: of two servers, none is given what is meant for the other.

    Raises:
        EnvironmentUnfitError: there is none, or it does not say which of several services it is for.
    """
    apart, shared = install_context.provisioned / service / name, install_context.provisioned / name
    if apart.is_file():
        return apart
    services = install_context.stack_context.contract.services
    component = services[service].component
    alike = sorted(other for other, block in services.items() if block.component == component)
    if shared.is_file() and len(alike) == 1:
        return shared
    if shared.is_file():
        raise EnvironmentUnfitError(
            f"provisioning left one {name}, and the contract has {len(alike)} services of {component}: "
            f"{', '.join(alike)}",
            hint=f"have source.provision write {service}/{name}, and one for each of the others",
        )
    raise EnvironmentUnfitError(
        f"provisioning left no {name} for {service}",
        hint=f"have source.provision write {name}, or {service}/{name} where there are several {component}",
    )

"""The releases of a stack's own code, and how a living source is made of one."""

from __future__ import annotations

from typing import Annotated

from restoreproof.contract.declarations import Defines, ServiceName
from restoreproof.contract.noun import Noun
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError

_RELEASE = Defines("release", spoken=False)


class Release(Noun):
    """A release of the stack's own code; ``path`` is relative to the contract."""

    version: str
    path: str


class Releases(Noun):
    """The release that is restored to, and the one the source runs."""

    expected: Annotated[Release, _RELEASE]
    previous: Annotated[Release, _RELEASE] | None = None

    def named(self, name: str) -> Release:
        """Return the release called ``expected`` or ``previous``. Raises ContractError if there is none."""
        release = {"expected": self.expected, "previous": self.previous}.get(name)
        if release is None:
            raise ContractError(f"the contract has no release called {name!r}")
        return release


class SourceBlock(Noun):
    """Commands by which ``restoreproof up`` makes a living source.

    ``provision`` and ``seed`` are a tool of ``service`` and its arguments: for a Python service a module, for
    another what its component has. A stack that needs neither leaves them out. ``{directory}`` stands for
    where provisioning leaves what it made: ``environment.env``, ``roles.sql``, ``realm.json``, ``custody/``
    and ``signer/``, as far as the stack's assets need them. Of several servers each has its
    ``SERVICE/roles.sql``, of several Keycloaks each its ``SERVICE/realm.json``. ``{size}`` (``default`` or
    ``small``) and ``{seed}`` (a number) stand for what is asked of the seeder. ``needs`` are the services
    that it talks to.
    """

    release: Annotated[str, Ref("release")] = "expected"
    service: ServiceName
    provision: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    needs: tuple[ServiceName, ...] = ()

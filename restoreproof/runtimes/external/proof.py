"""Proof that the target was made for this drill: without its marker nothing is written to a store, or run.

Production never has the nonce: whoever provisions a drill's target makes a new one and leaves it in each of
its stores.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.runtimes.base import Endpoint, unverified
from restoreproof.runtimes.external.marker import kind_of
from restoreproof.runtimes.external.marker.base import Found, Kind, Silent, Unmarked, Unverified
from restoreproof.runtimes.external.target import Target

_SKEW = timedelta(minutes=5)
NEXT = "point the drill at a target that was provisioned for it, and see `marker` in docs/external.md"


class MarkerRefusedError(EnvironmentUnfitError):
    """A store answers and can't be told from production: the drill writes nothing."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One store that showed the marker. ``sha256`` is the nonce's, which itself is told nowhere."""

    service: str
    address: str
    created_at: str
    sha256: str

    def __str__(self) -> str:
        return (
            f"the store of {self.service} at {self.address} showed the drill's marker, "
            f"made {self.created_at} (nonce sha256:{self.sha256})"
        )


class Proof:
    """What is known of the target's stores. Every method may be called from any thread.

    Args:
        target: the target.
        tell: gets each proof as it is made.

    Raises:
        ContractError: none of the services could hold a marker.
    """

    def __init__(self, target: Target, tell: Callable[[Proven], None] = lambda proven: None) -> None:
        self._target, self._tell = target, tell
        self._lock = threading.RLock()
        self._proven: dict[str, Proven] = {}
        self._stores = _stores(target)
        if not self._stores:
            raise ContractError(
                "no service of external: could hold a drill marker",
                where=target.where("services"),
                hint="give a database, an object store or a Keycloak its administrator",
            )

    @property
    def stores(self) -> tuple[str, ...]:
        """The services that have to show the marker."""
        return tuple(self._stores)

    def survey(self) -> dict[str, str]:
        """Ask every store that is not proven yet; returns those that do not answer, and what they said.

        Raises:
            MarkerRefusedError: one answers without the drill's marker.
        """
        silent: dict[str, str] = {}
        with self._lock:
            for service in self._stores.keys() - self._proven.keys():
                try:
                    self._ask(service)
                except Silent as error:
                    silent[service] = str(error)
        return silent

    def require(self, service: str) -> None:
        """Raise unless ``service`` may be written to.

        A store has to have shown the marker itself; any other service is of a target of which some store
        has, and none is in doubt.

        Raises:
            MarkerRefusedError: it may not.
            Silent: it is a store, and does not answer.
        """
        with self._lock:
            if service in self._proven:
                return
            if service in self._stores:
                self._ask(service)
            elif not self._proven:
                silent = self.survey()
                if not self._proven:
                    raise MarkerRefusedError(
                        f"{service} is not touched: no store of the target has shown its marker yet "
                        f"({', '.join(silent)}: silent)",
                        hint=NEXT,
                    )

    def forget(self, service: str) -> None:
        """What stands there may be another one now."""
        with self._lock:
            self._proven.pop(service, None)

    def refuse_used(self, service: str, asset: str) -> None:
        """Raise if the store ``service``, proven or silent by now, has already what ``asset`` restores.

        A restore that does nothing would else pass by what an earlier drill left.

        Raises:
            EnvironmentUnfitError: it has.
        """
        with self._lock:
            if service not in self._proven:
                return
            administrator = self._target.administrator(service)
            assert administrator is not None
            options = self._target.contract.assets[asset].options()
            there = self._stores[service].holds(self._endpoint(service), administrator, options)
        if there:
            raise EnvironmentUnfitError(
                f"{service} was restored into before: {there} is there already",
                where=self._target.where("services", service),
                hint="provision a new target: a drill restores into an empty one",
            )

    def _ask(self, service: str) -> None:
        endpoint = self._endpoint(service)
        administrator = self._target.administrator(service)
        assert administrator is not None
        block = self._target.contract.services[service]
        try:
            found = self._stores[service].read(block, endpoint, administrator)
            match = self._matching([*found])
        except Unverified as error:
            raise unverified(endpoint, str(error), self._target.where("services", service, "tls")) from error
        except Unmarked as error:
            raise MarkerRefusedError(
                f"{service} at {endpoint.address}:{endpoint.port} is not this drill's to write to: {error}",
                where=self._target.where("services", service),
                hint=NEXT,
            ) from error
        digest = hashlib.sha256(match.nonce.encode()).hexdigest()
        address = f"{endpoint.address}:{endpoint.port}"
        self._proven[service] = Proven(service, address, match.created_at.isoformat(), digest)
        self._tell(self._proven[service])

    def _endpoint(self, service: str) -> Endpoint:
        try:
            return self._target.endpoint(service)
        except EnvironmentUnfitError as error:
            raise Silent(error.message) from error

    def _matching(self, found: list[Found]) -> Found:
        marker = self._target.marker.reveal().encode()
        match = next((one for one in found if hmac.compare_digest(one.nonce.encode(), marker)), None)
        if match is None:
            raise Unmarked("its marker is another drill's" if found else "it has no marker")
        age, limit = match.now - match.created_at, timedelta(seconds=self._target.block.max_age)
        if age > limit:
            raise Unmarked(f"its marker is {age} old, and `max_age` allows {limit}: it is stale")
        if age < -_SKEW:
            raise Unmarked(f"its marker is of {match.created_at.isoformat()}, which is still to come")
        return match


def _stores(target: Target) -> dict[str, Kind]:
    """The services with an administrator that can hold a marker, but for those whose store holds one."""
    services = target.contract.services
    able = {
        name: kind
        for name, block in target.block.services.items()
        if block.administrator and (kind := kind_of(services[name].component))
    }
    return {name: kind for name, kind in able.items() if not _elsewhere(target, name) & able.keys()}


def _elsewhere(target: Target, service: str) -> set[str]:
    """The services that hold the data of ``service``, as the assets say."""
    assets = target.contract.assets.values()
    return {str(asset.options().get("store")) for asset in assets if asset.service == service}

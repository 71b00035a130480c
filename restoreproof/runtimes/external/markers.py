"""Proof that the target was made for this drill: without its marker nothing is written to a store, or run.

Production never has the nonce: whoever provisions a drill's target makes a new one and leaves it in each of
its stores.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.runtimes.base import Endpoint, unverified
from restoreproof.runtimes.external.marker import (
    Found,
    Gone,
    MarkerReader,
    MarkerRefused,
    Silent,
    Unmarked,
    Unverified,
    reader_of,
)
from restoreproof.runtimes.external.proven import Proven
from restoreproof.runtimes.external.stores import stores
from restoreproof.runtimes.external.target import ExternalTarget

_SKEW = timedelta(minutes=5)
NEXT = "point the drill at a target that was provisioned for it, and see `marker` in docs/external.md"


class MarkerRefusedError(EnvironmentUnfitError):
    """Raised where a store answers and can't be told from production: nothing is written."""


class Markers:
    """Proofs of the target's stores. Every method may be called from any thread.

    Args:
        target: the target.
        tell: gets each proof as it is made.
        stale: whether a marker that is too old to begin with is one too, as it is at a drill's end.

    Raises:
        ContractError: none of the services could hold a marker.
    """

    def __init__(
        self,
        target: ExternalTarget,
        tell: Callable[[Proven], None] = lambda proven: None,
        *,
        stale: bool = False,
    ) -> None:
        self._target, self._tell, self._stale = target, tell, stale
        self._lock = threading.RLock()
        self._proven: dict[str, list[Proven]] = {}  # one for each machine that its name came to mean
        self._stores = stores(target.contract, target.block)
        if not self._stores:
            raise ContractError(
                "no service of external: could hold a drill marker",
                where=target.where("services"),
                hint="give a database, an object store or a Keycloak its administrator",
            )

    @property
    def stores(self) -> tuple[str, ...]:
        """Services that have to show the marker."""
        return tuple(self._stores)

    def survey(self) -> dict[str, str]:
        """Ask every store anew; return those that do not answer, and what their clients said.

        Raises:
            MarkerRefusedError: one answers without the drill's marker, whatever it showed earlier.
        """
        silent: dict[str, str] = {}
        with self._lock:
            for service in self._stores:
                try:
                    self._ask(service)
                except Silent as error:
                    silent[service] = str(error)
        return silent

    def unanswered(self) -> dict[str, str]:
        """Ask every store; return why each may still be there without showing this drill's marker.

        A store that nobody listens for any more is gone, and left out, as is one that shows the marker.
        """
        reasons: dict[str, str] = {}
        for service in self._stores:
            try:
                self._ask(service)
            except Gone:
                continue
            except Silent as error:
                reasons[service] = f"{service} does not answer, and nothing shows that it is gone: {error}"
            except EnvironmentUnfitError as error:
                reasons[service] = error.message
        return reasons

    def demand(self, service: str) -> None:
        """Require a marker of ``service`` itself from now on, if it can hold one: a provider fills it.

        Raises:
            EnvironmentUnfitError: nobody could read its marker.
        """
        kind = reader_of(self._target.contract.services[service].component)
        with self._lock:
            if service in self._stores or kind is None:
                return
            if self._target.administrator(service) is None:
                raise EnvironmentUnfitError(
                    f"{service} is not touched: a provider keeps what it holds, and without an administrator "
                    "nothing could show that it is not production's",
                    where=self._target.where("services", service),
                    hint="give it an administrator, and have provisioning leave a marker in it",
                )
            self._stores[service] = kind

    def require(self, service: str, endpoint: Endpoint | None = None) -> None:
        """Raise unless ``service`` may be written to; at ``endpoint``, if that is where it will be.

        A store has to have shown the marker itself; one whose connections can't tell its server from another
        shows it again for each client. Any other service is of a target of which some store has shown it,
        and none is in doubt.

        Raises:
            MarkerRefusedError: it may not.
            Silent: it is a store, and does not answer.
        """
        with self._lock:
            if service in self._stores:
                if not self._is_believed(service, endpoint):
                    self._ask(service, endpoint)
            elif not self._proven:
                silent = self.survey()
                if not self._proven:
                    raise MarkerRefusedError(
                        f"{service} is not touched: no store of the target has shown its marker yet "
                        f"({', '.join(silent)}: silent)",
                        hint=NEXT,
                    )

    def _is_believed(self, service: str, endpoint: Endpoint | None) -> bool:
        """Return whether an earlier proof does for what is wanted of the store ``service``."""
        proven = self._proven.get(service, ())
        if endpoint is None:
            return bool(proven)  # nothing is connected to: whoever does that names the endpoint
        told_apart = self._stores[service].server_query is not None
        return told_apart and any(shown.is_of(endpoint) for shown in proven)

    def confirm(self, service: str) -> str | None:
        """Have ``service`` show the marker now, and return what tells its server from every other.

        None where nothing does, and for a service that is no store.

        Raises:
            MarkerRefusedError: it does not show it.
            Silent: it does not answer.
        """
        with self._lock:
            return self._ask(service).server if service in self._stores else None

    def recognise(self, service: str, endpoint: Endpoint, server: str) -> None:
        """Raise unless ``server``, which a connection to ``service`` leads to, has shown the marker.

        One that has not is asked for it: it may have been started anew.

        Raises:
            MarkerRefusedError: it does not show the marker, or another one answers by now.
            Silent: it does not answer any more.
        """
        with self._lock:
            if any(shown.server == server for shown in self._proven.get(service, ())):
                return
            if self._ask(service, endpoint).server != server:
                raise MarkerRefusedError(
                    f"{service} at {endpoint.address}:{endpoint.port} is another server than the one that a "
                    "connection to it had just reached: nothing is written to either",
                    where=self._target.where("services", service),
                    hint=NEXT,
                )

    def accept(self, service: str, where: str, read: Callable[[], Sequence[Found]]) -> None:
        """Raise unless ``read``, by a tool within the target, finds this drill's marker at ``where``.

        Raises:
            MarkerRefusedError: it does not, or raises Unmarked.
        """
        try:
            self._matching(list(read()))
        except Unmarked as error:
            raise self._refused(service, where, error) from error

    def reader(self, service: str) -> MarkerReader | None:
        """Return what reads the marker of ``service``; None if it is no store."""
        return self._stores.get(service)

    def forget(self, service: str) -> None:
        """Drop the proofs of ``service``: another server may stand there now."""
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
            options = self._target.asset_options(asset)
            there = self._stores[service].holds(self._endpoint(service), administrator, options)
        if there:
            raise EnvironmentUnfitError(
                f"{service} was restored into before: {there} is there already",
                where=self._target.where("services", service),
                hint="provision a new target: a drill restores into an empty one",
            )

    def remains(self) -> Iterator[str]:
        """Yield what is left of a target that was removed, store by store.

        One that answers and does not show the marker any more is a permanent one, emptied. One that can't be
        asked may be anything.
        """
        for service in self._stores:
            try:
                endpoint = self._endpoint(service)
                yield str(self._shown(service, endpoint))
            except Unverified as error:
                yield unverified(endpoint, str(error)).message
            except MarkerRefused as error:
                yield f"nobody can say whether {service} is gone: {error}"
            except (Silent, Unmarked):
                continue

    def _ask(self, service: str, there: Endpoint | None = None) -> Proven:
        endpoint = self._endpoint(service)
        if there:
            endpoint = replace(endpoint, address=there.address)
        try:
            proven = self._shown(service, endpoint)
        except Unverified as error:
            raise unverified(endpoint, str(error), self._target.where("services", service, "tls")) from error
        except Unmarked as error:
            raise self._refused(service, f"{endpoint.address}:{endpoint.port}", error) from error
        if proven not in self._proven.setdefault(service, []):
            self._proven[service].append(proven)
            self._tell(proven)
        return proven

    def _refused(self, service: str, where: str, why: Unmarked) -> MarkerRefusedError:
        return MarkerRefusedError(
            f"{service} at {where} is not this drill's to write to: {why}",
            where=self._target.where("services", service),
            hint=NEXT,
        )

    def _shown(self, service: str, endpoint: Endpoint) -> Proven:
        """Return the marker that the store shows. Raises Silent, Unverified or Unmarked."""
        administrator = self._target.administrator(service)
        assert administrator is not None
        block = self._target.contract.services[service]
        match = self._matching([*self._stores[service].read(block, endpoint, administrator)])
        digest = hashlib.sha256(match.nonce.encode()).hexdigest()
        place = f"{endpoint.address}:{endpoint.port}"
        return Proven(service, place, match.created_at.isoformat(), digest, match.server)

    def _endpoint(self, service: str) -> Endpoint:
        try:
            return self._target.endpoint(service)
        except EnvironmentUnfitError as error:
            raise (Gone if self._target.is_nameless(service) else Silent)(error.message) from error

    def _matching(self, markers: list[Found]) -> Found:
        marker = self._target.marker.reveal().encode()
        match = next((shown for shown in markers if hmac.compare_digest(shown.nonce.encode(), marker)), None)
        if match is None:
            raise Unmarked("its marker is another drill's" if markers else "it has no marker")
        if self._stale:
            return match
        age, limit = match.now - match.created_at, timedelta(seconds=self._target.block.max_age)
        if age > limit:
            raise Unmarked(f"its marker is {age} old, and `max_age` allows {limit}: it is stale")
        if age < -_SKEW:
            raise Unmarked(f"its marker is of {match.created_at.isoformat()}, which is still to come")
        return match

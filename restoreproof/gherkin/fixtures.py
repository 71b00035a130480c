"""Pytest fixtures of every drill: the restored stack, for steps and plain tests of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, runtime_checkable

import pytest

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.database import Database
from restoreproof.assets.dataset import open_database
from restoreproof.backups.catalogue import Catalogue
from restoreproof.checks.objects import application_bucket
from restoreproof.gherkin.collector import check_of
from restoreproof.gherkin.expectation import Expect
from restoreproof.gherkin.run_plugin import RUN, RunningDrill


@pytest.fixture(scope="session")
def drill(request: pytest.FixtureRequest) -> RunningDrill:
    """The open drill of this inner process."""
    run = request.config.stash.get(RUN, None)
    if run is None or run.drill is None:
        raise pytest.UsageError("the drill fixture exists only inside a drill; use restoreproof drill")
    return run.drill


@pytest.fixture
def expect(drill: RunningDrill, request: pytest.FixtureRequest) -> Expect:
    """``expect(observed == wanted, examined=n, total=n)`` records an observation of the present check."""
    check = check_of(request.node)
    return Expect(drill.observe, check.title if check else request.node.name)


@pytest.fixture
def restored(drill: RunningDrill) -> RestoreContext:
    """The restore that the present check looks at: contract, runtime, secrets, set and catalogue."""
    return drill.restore_context


@pytest.fixture
def catalogue(restored: RestoreContext) -> Catalogue:
    """What was known of the set when it was taken; without one the check is NOT VERIFIED."""
    if restored.catalogue is None:
        pytest.skip("no catalogue was given: nothing outside the set says what should be there")
    return restored.catalogue


@pytest.fixture
def recovery_point(restored: RestoreContext) -> datetime:
    """The moment that the set was taken of (UTC)."""
    return restored.backup.manifest.recovery_point


@pytest.fixture
def database(restored: RestoreContext) -> Iterator[Callable[..., Database]]:
    """``database("orders").rows(SQL)`` are rows of the database that the asset ``orders`` restores.

    Without a name it is the one database of the contract's datasets. It is read-only, and closed at the end.
    """
    with ExitStack() as opened:

        def named(asset: str | None = None) -> Database:
            context = open_database(restored.stack_context, asset or _only_database(restored))
            return opened.enter_context(context)

        yield named


@pytest.fixture
def buckets(restored: RestoreContext) -> Callable[[str], Any]:
    """``buckets("papers")`` is the restored bucket as an obstore ``S3Store``, with the application's keys."""

    return partial(application_bucket, restored)


@runtime_checkable
class RealmAsset(Protocol):
    """An asset that restores a realm: people, clients, roles and signing keys."""

    def counts(self, stack_context: StackContext) -> dict[str, int]:
        """How many users, clients, roles, groups, credentials and role mappings there are."""

    def subjects(self, stack_context: StackContext) -> frozenset[str]:
        """The ids of its people."""

    def signing_keys(self, stack_context: StackContext) -> list[dict[str, str]]:
        """The public keys that it signs with."""


@dataclass(frozen=True, slots=True)
class RestoredRealm:
    """One realm of the restored stack."""

    asset: RealmAsset
    stack_context: StackContext

    def counts(self) -> dict[str, int]:
        """How many users, clients, roles, groups, credentials and role mappings there are."""
        return self.asset.counts(self.stack_context)

    def subjects(self) -> frozenset[str]:
        """The ids of its people, as tokens carry them in ``sub``."""
        return self.asset.subjects(self.stack_context)

    def signing_keys(self) -> list[dict[str, str]]:
        """The public keys that it signs with."""
        return self.asset.signing_keys(self.stack_context)


@pytest.fixture
def realm(restored: RestoreContext) -> Callable[..., RestoredRealm]:
    """``realm("identity")`` is the realm of the asset ``identity``; without a name, the only one."""

    def named(asset: str | None = None) -> RestoredRealm:
        stack = restored.stack_context
        realms = {one.name: one for one in stack.assets() if isinstance(one, RealmAsset)}
        name = asset or _only("realm", list(realms))
        if name not in realms:
            raise pytest.UsageError(
                f"the asset {name!r} restores no realm: {', '.join(realms) or 'none does'}"
            )
        return RestoredRealm(realms[name], stack)

    return named


def _only_database(restored: RestoreContext) -> str:
    datasets = restored.stack_context.contract.datasets.values()
    return _only("database", sorted({dataset.database for dataset in datasets}))


def _only(what: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    raise pytest.UsageError(f"there are {len(names)} of {what}: name one of {', '.join(names)}")

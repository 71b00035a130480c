"""How much to seed, from what randomness, and when things happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

#: long enough to touch three calendar months, whatever today is
SPAN = timedelta(days=65)


@dataclass(frozen=True)
class Size:
    """Row counts; everything else is in proportion or fixed."""

    proofs: int
    certificates: int
    receipts: int
    audit_rows: int
    verifications: int


SIZES = {
    "default": Size(proofs=2000, certificates=500, receipts=5000, audit_rows=10_000, verifications=400),
    "small": Size(proofs=200, certificates=50, receipts=500, audit_rows=1000, verifications=40),
}


@dataclass(frozen=True)
class Scenario:
    """One seeding: its size, its source of randomness and the moment it is anchored at."""

    size: Size
    rng: Random
    now: datetime

    def uuid(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def between(self, start: datetime, end: datetime) -> datetime:
        """A moment in between, evenly drawn."""
        return start + (end - start) * self.rng.random()

    def moments(self, count: int) -> list[datetime]:
        """Moments spread over the span, in order; the newest lie a few seconds back."""
        newest = [self.now - timedelta(seconds=2 + 3 * i + self.rng.random()) for i in range(3)]
        older = [self.between(self.now - SPAN, self.now - timedelta(seconds=30)) for _ in range(count - 3)]
        return sorted(newest + older)

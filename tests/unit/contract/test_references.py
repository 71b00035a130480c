"""Names of a contract that sentences and queries use: one noun of a kind has each."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.contract.loader import parse
from restoreproof.contract.problems import InvalidContract

STORES = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  east: {component: seaweedfs, port: 8333, starts: objects}
  west: {component: seaweedfs, port: 8333, starts: objects}
order: [objects]
assets:
  eastern:
    kind: objects
    at: objects
    service: east
    access_key: KEY
    secret_key: SECRET
    object_lock: inactive
    buckets:
      photos: {name: photos}
  western:
    kind: objects
    at: objects
    service: west
    access_key: KEY
    secret_key: SECRET
    object_lock: inactive
    buckets:
      NAME: {name: photos}
"""


def test_two_stores_that_name_a_bucket_alike_are_refused_with_both_places() -> None:
    with pytest.raises(InvalidContract) as caught:
        parse(STORES.replace("NAME", "photos"), Path("/none/stack.yaml"))
    (problem,) = caught.value.problems
    assert problem.where.line == 26
    assert (
        "assets.western.buckets.photos: the bucket 'photos' stands at assets.eastern.buckets.photos"
        in str(problem)
    )


def test_two_stores_may_have_buckets_of_one_real_name() -> None:
    contract = parse(STORES.replace("NAME", "photos-west"), Path("/none/stack.yaml"))
    assert [name for asset in contract.assets for name in contract.asset_block(asset).buckets] == [  # type: ignore[attr-defined]
        "photos", "photos-west"
    ]  # fmt: skip

"""Buckets of a target: made, or taken as they are; what is in the way there says nothing of a backup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from restoreproof.assets.base import InstallContext, RestoreFailed, StackContext
from restoreproof.assets.objects import ObjectsAsset, make_bucket
from restoreproof.assets.s3 import control, is_there
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import Credentials

NAME = "shop-made-beforehand"


@pytest.fixture(scope="module")
def asset(stack_context: StackContext) -> ObjectsAsset:
    found = stack_context.asset("objects")
    assert isinstance(found, ObjectsAsset)
    return found


@pytest.fixture
def client(stack_context: StackContext, asset: ObjectsAsset) -> Iterator[Any]:
    """The administrator of a real S3 service."""
    if not stack_context.runtime.running("s3"):
        stack_context.runtime.start(
            "s3", asset.provision("s3", InstallContext(stack_context, stack_context.workdir))
        )
    made = control(stack_context.runtime.endpoint("s3"), stack_context.runtime.administrator("s3"))
    yield made
    if is_there(made, NAME):
        for one in made.list_objects_v2(Bucket=NAME).get("Contents", []):
            made.delete_object(Bucket=NAME, Key=one["Key"])
        made.delete_bucket(Bucket=NAME)
    made.close()


def test_a_bucket_is_made_and_an_empty_one_is_taken_as_it_is(client: Any) -> None:
    assert not is_there(client, NAME)
    make_bucket(client, NAME, versioned=False)
    make_bucket(client, NAME, versioned=True)
    assert client.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"


def test_a_bucket_that_was_restored_into_before_is_the_targets_affair(client: Any) -> None:
    make_bucket(client, NAME, versioned=False)
    client.put_object(Bucket=NAME, Key="left", Body=b"x")
    with pytest.raises(EnvironmentUnfitError, match=f"{NAME} was restored into before: left") as caught:
        make_bucket(client, NAME, versioned=False)
    assert "provision a new target" in str(caught.value)


def test_an_administrator_who_may_not_make_it_is_the_targets_affair(
    stack_context: StackContext, asset: ObjectsAsset, client: Any
) -> None:
    keys: Credentials = asset.application(stack_context, "photos")
    application = control(stack_context.runtime.endpoint("s3"), keys)
    with pytest.raises(EnvironmentUnfitError, match=f"bucket {NAME} can't be made or configured"):
        make_bucket(application, NAME, versioned=False)
    application.close()


@pytest.mark.parametrize("name", ["Shop Photos", "s"])
def test_a_name_that_no_bucket_can_have_is_the_backups(client: Any, name: str) -> None:
    with pytest.raises(RestoreFailed, match="is no name of a bucket"):
        make_bucket(client, name, versioned=False)

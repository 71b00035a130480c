"""Buckets that a provider keeps: nothing is written, and what is missing or altered is named by its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
import pytest

from restoreproof.assets.base import BackupContext, InstallContext, RestoreContext, StackContext
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import store
from restoreproof.backups import layout
from restoreproof.backups.adopt import Given, adopt
from restoreproof.backups.backup_set import open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.rebind import reissue
from restoreproof.backups.references import IN_PLACE, Reference
from restoreproof.checks.buckets import BucketsSurvey
from restoreproof.checks.forbidden import ForbiddenSurvey
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.outcome import Outcome
from restoreproof.scan.rules import BUILT_IN

CONTENT = {f"photo/{number}.jpg": b"photo %d" % number * 50 for number in range(40)}
NEW = {"photo/7.jpg": b"another photo"}


@pytest.fixture(scope="module")
def asset(stack_context: StackContext) -> ObjectsAsset:
    found = stack_context.asset("objects")
    assert isinstance(found, ObjectsAsset)
    return found


@pytest.fixture(scope="module")
def photos(stack_context: StackContext, asset: ObjectsAsset) -> Any:
    """The filled bucket of a real S3 service, as its owner meets it."""
    install_context = InstallContext(stack_context, stack_context.workdir)
    stack_context.runtime.start("s3", asset.provision("s3", install_context))
    asset.install(install_context)
    runtime = stack_context.runtime
    for bucket in ("shop-photos", "shop-papers"):
        own = store(runtime.endpoint("s3"), runtime.administrator("s3"), bucket)
        for key, content in CONTENT.items():
            obstore.put(own, key, content, attributes={"Content-Type": "image/jpeg", "of": key})
    return store(runtime.endpoint("s3"), runtime.administrator("s3"), "shop-photos")


@pytest.fixture
def catalogue(
    stack_context: StackContext,
    asset: ObjectsAsset,
    photos: Any,
    restore_context: RestoreContext,
    tmp_path: Path,
) -> Catalogue:
    """What a backup of the buckets, as they are now, left: an index in ``tmp_path``, and what is known."""
    backup_context = BackupContext(stack_context, tmp_path / "taken", "", stack_context.workdir)
    asset.back_up(backup_context)
    manifest = restore_context.backup.manifest
    return Catalogue(
        set_id=manifest.set_id,
        stack="shop",
        taken_at=manifest.recovery_point,
        recovery_point=manifest.recovery_point,
        manifest_sha256="0" * 64,
        assets={asset.name: backup_context.learnt.known(asset.name, asset.kind)},
    )


def referring(asset: ObjectsAsset, catalogue: Catalogue, directory: Path, *, index: bool) -> Any:
    """A drill's view of an adopted set whose objects are in place; the ground is put in by the test."""
    given = Given(
        stack="shop",
        synthetic=True,
        recovery_point=catalogue.recovery_point,
        references={asset.name: Reference(reference=IN_PLACE, parts=asset.parts())},
        directories={layout.INDEX: directory / "taken" / layout.INDEX} if index else {},
        catalogue=catalogue,
    )
    out = directory / f"adopted-{index}"
    known = reissue(catalogue, *adopt(given, out), committed=False)
    return lambda stack_context: RestoreContext(stack_context, open_set(out, "shop"), known)


@pytest.fixture
def look(stack_context: StackContext, asset: ObjectsAsset, catalogue: Catalogue, tmp_path: Path) -> Any:
    def survey(*, index: bool = True) -> BucketsSurvey:
        restore_context = referring(asset, catalogue, tmp_path, index=index)(stack_context)
        return BucketsSurvey.look(restore_context, asset="objects")

    return survey


def listed(photos: Any) -> list[tuple[str, Any, Any]]:
    """Key, time and tag of every object."""
    pages = obstore.list(photos, chunk_size=1000)
    return [(meta["path"], meta["last_modified"], meta["e_tag"]) for page in pages for meta in page]


def test_buckets_in_place_are_read_whole_and_left_as_they_are(look: Any, photos: Any) -> None:
    before = listed(photos)
    found = look()
    said = [found.as_backed_up(), found.metadata(), found.versioned(), found.unlocked()]
    assert {one.outcome for one in said} == {Outcome.PASSED}
    assert found.objects == 2 * len(CONTENT)
    assert listed(photos) == before


def test_without_an_index_content_is_held_against_the_catalogue_and_metadata_against_nothing(
    look: Any,
) -> None:
    found = look(index=False)
    assert found.as_backed_up().outcome is Outcome.PASSED
    assert found.metadata().outcome is Outcome.NOT_VERIFIED
    assert "no index" in found.metadata().observed


@pytest.mark.parametrize("index", [True, False])
def test_a_missing_object_fails_and_by_its_key_where_there_is_an_index(
    look: Any, photos: Any, index: bool
) -> None:
    obstore.delete(photos, "photo/3.jpg")
    try:
        said = look(index=index).as_backed_up()
    finally:
        obstore.put(photos, "photo/3.jpg", CONTENT["photo/3.jpg"], attributes={"of": "photo/3.jpg"})
    assert said.outcome is Outcome.FAILED
    wanted = "photos/photo/3.jpg: can't be read" if index else "photos: objects listed 39"
    assert any(finding.startswith(wanted) for finding in said.findings)


@pytest.mark.parametrize("index", [True, False])
def test_an_altered_object_fails(look: Any, photos: Any, index: bool) -> None:
    obstore.put(photos, "photo/7.jpg", NEW["photo/7.jpg"])
    try:
        assert look(index=index).as_backed_up().outcome is Outcome.FAILED
    finally:
        obstore.put(photos, "photo/7.jpg", CONTENT["photo/7.jpg"])


def test_keys_in_objects_in_place_are_found_by_the_objects_keys(
    asset: ObjectsAsset, catalogue: Catalogue, stack_context: StackContext, photos: Any, tmp_path: Path
) -> None:
    restore_context = referring(asset, catalogue, tmp_path, index=False)(stack_context)
    for rule, key in zip(BUILT_IN, CONTENT, strict=False):
        obstore.put(photos, key, rule.sample())
    try:
        survey = ForbiddenSurvey.look(restore_context)
    finally:
        for key, content in CONTENT.items():
            obstore.put(photos, key, content, attributes={"Content-Type": "image/jpeg", "of": key})
    found = {finding.rpartition(" at byte ")[0] for finding in survey.findings.listed}
    wanted = {f"photos/{key}: {rule.name}" for rule, key in zip(BUILT_IN, CONTENT, strict=False)}
    assert wanted <= found
    assert survey.restored == ("objects (in-place)",)
    assert survey.parts == 2 * len(CONTENT), "each object once"


@pytest.fixture
def moved(stack_context: StackContext) -> StackContext:
    """The same ground, whose contract names a bucket that is not there."""
    block = stack_context.contract.assets["objects"]
    elsewhere = {**block.model_dump(), "buckets": {"photos": {"name": "shop-nowhere"}}}
    assets = {**stack_context.contract.assets, "objects": type(block).model_validate(elsewhere)}
    return replace(stack_context, contract=stack_context.contract.model_copy(update={"assets": assets}))


@pytest.mark.parametrize("index", [True, False])
def test_a_bucket_in_place_that_is_not_there_is_lost(
    asset: ObjectsAsset, catalogue: Catalogue, moved: StackContext, tmp_path: Path, index: bool
) -> None:
    restore_context = referring(asset, catalogue, tmp_path, index=index)(moved)
    said = BucketsSurvey.look(restore_context, asset="objects").as_backed_up()
    assert said.outcome is Outcome.FAILED
    assert "photos: there is no such bucket" in said.findings, said


def test_a_bucket_in_place_that_is_not_there_is_named_and_not_verified(
    asset: ObjectsAsset, catalogue: Catalogue, moved: StackContext, tmp_path: Path
) -> None:
    restore_context = referring(asset, catalogue, tmp_path, index=False)(moved)
    said = ForbiddenSurvey.look(restore_context).clean()
    assert said.outcome is Outcome.NOT_VERIFIED
    assert "objects (in-place): the bucket photos can't be read" in said.observed


def test_without_an_index_nothing_says_how_new_the_objects_were(
    asset: ObjectsAsset, catalogue: Catalogue, stack_context: StackContext, tmp_path: Path
) -> None:
    restore_context = referring(asset, catalogue, tmp_path, index=False)(stack_context)
    assert asset.newest_record(restore_context) is None


@pytest.mark.parametrize("name", ["snapshot-1", IN_PLACE])
def test_a_runtime_that_makes_its_own_target_says_who_could_restore_a_reference(
    stack_context: StackContext, name: str
) -> None:
    with pytest.raises(EnvironmentUnfitError, match=f"{name}\n  next: drill it with --runtime external"):
        stack_context.runtime.restore_reference("shop", Reference(reference=name), datetime.now(UTC))

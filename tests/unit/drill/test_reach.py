"""Whose word lets a set run without a sandbox, and what must not be readable for what runs there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from restoreproof.drill.outer.reach import is_vouched_synthetic, refuse_reachable
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.sealing.catalogue_signature import Authorship, CatalogueAuthor
from restoreproof.sealing.keys import make_signing_key, signing_key


@pytest.fixture
def own_key(tmp_path: Path) -> Path:
    """The private key that this machine signs catalogues with."""
    path = tmp_path / "keys" / "catalogue.pem"
    make_signing_key(path, valid_for=timedelta(days=1))
    return path


def vouched(own_key: Path, *, sound: bool = True, **changed: Any) -> bool:
    told = {
        "authorship": Authorship.SIGNED,
        "keyid": signing_key(f"file:{own_key}").keyid,
        "how": "copied",
        "synthetic": True,
        "signed_manifest": "a" * 64,
        **changed,
    }
    manifest = SimpleNamespace(synthetic=told["synthetic"])
    inputs: Any = SimpleNamespace(
        author=CatalogueAuthor(told["authorship"], told["keyid"]),
        backup=SimpleNamespace(manifest=manifest, manifest_sha256="a" * 64),
        held=SimpleNamespace(how=told["how"]),
    )
    catalogue: Any = SimpleNamespace(manifest_sha256=told["signed_manifest"])
    return is_vouched_synthetic(inputs, catalogue, own_key, sound=sound)


def test_a_key_of_this_machine_vouches_for_every_byte_of_a_synthetic_set(own_key: Path) -> None:
    assert vouched(own_key)


@pytest.mark.parametrize(
    "changed",
    [
        {"sound": False},
        {"authorship": Authorship.FOREIGN},
        {"authorship": Authorship.UNCHECKED},
        {"authorship": Authorship.UNSIGNED, "keyid": None},
        {"keyid": "0" * 64},
        {"synthetic": False},
        {"signed_manifest": "b" * 64},
        {"how": "in place"},
    ],
)
def test_nothing_less_does(own_key: Path, changed: dict[str, Any]) -> None:
    assert not vouched(own_key, **changed)


def test_nor_does_a_key_of_which_this_machine_has_the_public_half_alone(own_key: Path) -> None:
    keyid = signing_key(f"file:{own_key}").keyid
    own_key.unlink()
    inputs: Any = SimpleNamespace(
        author=CatalogueAuthor(Authorship.SIGNED, keyid), backup=None, held=SimpleNamespace(how="copied")
    )
    catalogue: Any = SimpleNamespace(manifest_sha256="a" * 64)
    assert not is_vouched_synthetic(inputs, catalogue, own_key, sound=True)
    assert not is_vouched_synthetic(inputs, None, own_key, sound=True)


def test_what_would_run_unconfined_may_read_nothing_private(tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("identity", "key", "set", "catalogue", "reports")}
    for path in places.values():
        path.touch()
    request: Any = SimpleNamespace(
        allow_unisolated=True, identity=places["identity"], reports=places["reports"]
    )
    inputs: Any = SimpleNamespace(
        backup=SimpleNamespace(directory=places["set"]), catalogue=places["catalogue"]
    )
    filing: Any = SimpleNamespace(key_path=places["key"])
    unconfined: Any = SimpleNamespace(unconfined="the kernel refuses namespaces")
    with pytest.raises(EnvironmentUnfitError) as refused:
        refuse_reachable(request, inputs, filing, unconfined)
    assert all(str(path) in refused.value.message for path in places.values())
    confined: Any = SimpleNamespace(unconfined="")
    refuse_reachable(request, inputs, filing, confined)
    refuse_reachable(SimpleNamespace(allow_unisolated=False), inputs, filing, unconfined)  # type: ignore[arg-type]

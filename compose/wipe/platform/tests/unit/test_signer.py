"""The signer: signs digests for known purposes, and nothing else."""

from pathlib import Path

import pytest
from fastapi import HTTPException
from fastapi.routing import APIRoute
from pydantic import ValidationError
from wipe_platform.provision.pki import Authority
from wipe_platform.provision.signer_home import create_signer_home
from wipe_platform.signer import create_signer, load_key
from wipe_platform.signing import Signed, SignRequest, signature_holds

DIGESTS = ["00" * 32, "ff" * 32]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("signer")
    create_signer_home(home, Authority("clients").certificate)
    return home


def sign(home: Path, request: SignRequest) -> Signed:
    routes = [route for route in create_signer(home).routes if isinstance(route, APIRoute)]
    endpoint = next(route.endpoint for route in routes if route.path == "/sign-batch")
    signed: Signed = endpoint(request)
    return signed


def test_signatures_come_in_order_and_hold(home: Path) -> None:
    _, key = load_key(home)
    signed = sign(home, SignRequest(purpose="receipt", digests=DIGESTS))
    assert signed.key_id == key.key_id
    for digest, signature in zip(DIGESTS, signed.signatures, strict=True):
        assert signature_holds("receipt", digest, signature, key.public_key)


@pytest.mark.parametrize("digest", ["", "00" * 31, "FF" * 32, "00" * 32 + "\n", "wipe-receipt-v1:"])
def test_what_is_not_a_digest_is_not_signed(home: Path, digest: str) -> None:
    with pytest.raises(HTTPException):
        sign(home, SignRequest(purpose="receipt", digests=["00" * 32, digest]))


def test_unknown_purposes_do_not_exist() -> None:
    with pytest.raises(ValidationError):
        SignRequest.model_validate({"purpose": "license", "digests": DIGESTS})


def test_a_home_whose_description_is_of_another_key_is_refused(home: Path, tmp_path: Path) -> None:
    create_signer_home(tmp_path, Authority("clients").certificate)
    (tmp_path / "key.json").write_text((home / "key.json").read_text())
    with pytest.raises(ValueError, match="does not describe"):
        load_key(tmp_path)

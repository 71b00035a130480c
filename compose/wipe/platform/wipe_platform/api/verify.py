"""/verify: for anyone, without an account."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from wipe_platform.api.platform import Platform, PlatformHere
from wipe_platform.verification import Verdict, Verifier

router = APIRouter()


class Presented(BaseModel):
    """A certificate's canonical JSON as an object, and the signature that came with it (base64)."""

    certificate: dict[str, Any]
    signature: str


@router.get("/verify/{number}")
def verify_number(number: str, here: PlatformHere, response: Response) -> dict[str, object]:
    """200 and ``valid: true``; 404 for an unknown number; 422 when what is stored was tampered with."""
    verdict = _verifier(here).by_number(number)
    if verdict is None:
        response.status_code = 404
        return {"number": number, "valid": False, "reason": "no such certificate was issued"}
    return _answer(verdict, response)


@router.post("/verify")
def verify_presented(presented: Presented, here: PlatformHere, response: Response) -> dict[str, object]:
    """200 and ``valid: true``; 422 and the reason for anything the platform did not issue."""
    return _answer(_verifier(here).presented(presented.certificate, presented.signature), response)


def _verifier(here: Platform) -> Verifier:
    return Verifier(here.engine, here.buckets.certificates, here.signer)


def _answer(verdict: Verdict, response: Response) -> dict[str, object]:
    response.status_code = 200 if verdict.valid else 422
    return {
        "number": verdict.number,
        "valid": verdict.valid,
        "reason": verdict.reason or None,
        "sha256": verdict.digest,
        "certificate": verdict.certificate,
    }

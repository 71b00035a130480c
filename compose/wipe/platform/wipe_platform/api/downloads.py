"""Certificates, billing reports and stored objects in general."""

import re
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from obstore.store import S3Store
from sqlalchemy import Select, func, select

from wipe_platform import storage, tables
from wipe_platform.api.platform import AUDITOR_ROLES, Caller, PlatformHere, require_role
from wipe_platform.canonical import sha256_hex, timestamp
from wipe_platform.database import as_tenant

router = APIRouter(prefix="/api")
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def stored(store: S3Store, key: str, sha256: str) -> bytes:
    """An object whose row promises it: 502 when it is gone or not what the row says."""
    try:
        content = storage.get(store, key)
    except FileNotFoundError as error:
        raise HTTPException(502, "the stored object is missing") from error
    if sha256_hex(content) != sha256:
        raise HTTPException(502, "the stored object is not what was stored")
    return content


@router.get("/certificates")
def certificates(caller: Caller, here: PlatformHere, limit: int = 50, offset: int = 0) -> dict[str, object]:
    """The tenant's certificates, newest first, with the signatures over their canonical JSON."""
    if not (1 <= limit <= 200 and offset >= 0):
        raise HTTPException(422, "limit is 1 to 200, offset at least 0")
    table = tables.certificates
    query = select(table).order_by(table.c.issued_at.desc(), table.c.id).limit(limit).offset(offset)
    with as_tenant(here.engine, caller.tenant_id) as connection:
        rows = connection.execute(query).all()
        total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    items = [
        {
            "number": row.number,
            "proof_id": str(row.proof_id),
            "issued_at": timestamp(row.issued_at),
            "signing_key_id": row.signing_key_id,
            "signature": row.signature,
            "json_sha256": row.json_sha256,
            "pdf_sha256": row.pdf_sha256,
        }
        for row in rows
    ]
    return {"items": items, "total": total}


@router.get("/certificates/{number}.pdf", response_class=Response)
def certificate_pdf(number: str, caller: Caller, here: PlatformHere) -> Response:
    """The certificate as a page."""
    with as_tenant(here.engine, caller.tenant_id) as connection:
        row = connection.execute(_by_number(number)).one_or_none()
    if row is None:
        raise HTTPException(404, "no such certificate")
    content = stored(here.buckets.certificates, row.pdf_key, row.pdf_sha256)
    headers = {"Content-Disposition": f'attachment; filename="{row.number}.pdf"'}
    return Response(content, media_type=storage.PDF, headers=headers)


@router.get("/certificates/{number}.json", response_class=Response)
def certificate_json(number: str, caller: Caller, here: PlatformHere) -> Response:
    """The certificate's canonical bytes; the signature over them is in ``X-Signature``."""
    with as_tenant(here.engine, caller.tenant_id) as connection:
        row = connection.execute(_by_number(number)).one_or_none()
    if row is None:
        raise HTTPException(404, "no such certificate")
    content = stored(here.buckets.certificates, row.json_key, row.json_sha256)
    return Response(content, media_type=storage.JSON, headers={"X-Signature": row.signature})


def _by_number(number: str) -> Select[Any]:
    return select(tables.certificates).where(tables.certificates.c.number == number)


@router.get("/billing/{month}.csv", response_class=Response)
def billing(month: str, caller: Caller, here: PlatformHere) -> Response:
    """The tenant's billing report of a month, as it was exported."""
    require_role(caller, AUDITOR_ROLES)
    if MONTH.fullmatch(month) is None:
        raise HTTPException(422, "a month is yyyy-mm")
    try:
        content = storage.get(here.buckets.exports, storage.export_key(caller.tenant_id, month))
    except FileNotFoundError as error:
        raise HTTPException(404, f"no report for {month}") from error
    return Response(content, media_type=storage.CSV)

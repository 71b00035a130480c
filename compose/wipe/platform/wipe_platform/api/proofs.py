"""Proofs and the agents that submit them."""

import base64
import binascii
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, insert, select, tuple_
from starlette.concurrency import run_in_threadpool

from wipe_platform import tables
from wipe_platform.api.downloads import stored
from wipe_platform.api.platform import Caller, PlatformHere
from wipe_platform.canonical import timestamp
from wipe_platform.database import as_tenant
from wipe_platform.erasure_proof import InvalidProof
from wipe_platform.ledger import append_audit
from wipe_platform.submission import Answer, Conflict, Intake, KeyReused, NotLicensed

router = APIRouter(prefix="/api")
MAX_PROOF_BYTES = 256 * 1024


class Enrolment(BaseModel):
    """A new agent and its Ed25519 public key (base64, raw)."""

    name: str = Field(min_length=1, max_length=100)
    public_key: str = Field(min_length=44, max_length=44)


@router.post("/agents", status_code=201)
def enrol(enrolment: Enrolment, caller: Caller, here: PlatformHere) -> dict[str, str]:
    """Enrol an agent for the caller's tenant."""
    try:
        raw = base64.b64decode(enrolment.public_key, validate=True)
    except binascii.Error as error:
        raise HTTPException(422, "public_key is not base64") from error
    if len(raw) != 32:
        raise HTTPException(422, "public_key is not a raw Ed25519 key")
    agent_id = uuid4()
    with as_tenant(here.engine, caller.tenant_id) as connection:
        connection.execute(
            insert(tables.agents).values(id=agent_id, tenant_id=caller.tenant_id, **enrolment.model_dump())
        )
        append_audit(connection, caller.tenant_id, caller.name, "agent.enrolled", agent_id=str(agent_id))
    return {"agent_id": str(agent_id)}


@router.post("/proofs", status_code=201)
async def submit(
    request: Request,
    caller: Caller,
    here: PlatformHere,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=200)],
) -> Answer:
    """Submit a DER erasure proof (the body). Repeating key and content repeats the answer."""
    der = await _bounded_body(request)
    intake = Intake(here.engine, here.buckets.proofs, here.signer)
    try:
        return await run_in_threadpool(intake.submit, caller, idempotency_key, der)
    except InvalidProof as error:
        raise HTTPException(422, str(error)) from error
    except KeyReused as error:
        raise HTTPException(422, str(error)) from error
    except NotLicensed as error:
        raise HTTPException(402, str(error)) from error
    except Conflict as error:
        raise HTTPException(409, str(error)) from error


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PROOF_BYTES:
            raise HTTPException(413, f"a proof has at most {MAX_PROOF_BYTES} bytes")
    return bytes(body)


@router.get("/proofs")
def proofs(
    caller: Caller,
    here: PlatformHere,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: UUID | None = None,
) -> dict[str, object]:
    """The tenant's proofs, newest first; ``next`` is the ``after`` of the next page."""
    table = tables.proofs
    query = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
    with as_tenant(here.engine, caller.tenant_id) as connection:
        if after is not None:
            mark = select(table.c.created_at).where(table.c.id == after)
            last = connection.execute(mark).scalar_one_or_none()
            if last is None:
                raise HTTPException(422, "after is not a proof of this tenant")
            query = query.where(tuple_(table.c.created_at, table.c.id) < tuple_(last, after))
        rows = connection.execute(query).all()
        total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    items = [
        {
            "id": str(row.id),
            "device_serial": row.device_serial,
            "method": row.method,
            "erased_at": timestamp(row.erased_at),
            "created_at": timestamp(row.created_at),
            "sha256": row.sha256,
            "size_bytes": row.size_bytes,
        }
        for row in rows[:limit]
    ]
    return {"items": items, "total": total, "next": items[-1]["id"] if len(rows) > limit else None}


@router.get("/proofs/{proof_id}.der", response_class=Response)
def proof_payload(proof_id: UUID, caller: Caller, here: PlatformHere) -> Response:
    """The payload as it was submitted."""
    table = tables.proofs
    with as_tenant(here.engine, caller.tenant_id) as connection:
        row = connection.execute(select(table).where(table.c.id == proof_id)).one_or_none()
    if row is None:
        raise HTTPException(404, "no such proof")
    content = stored(here.buckets.proofs, row.object_key, row.sha256)
    return Response(content, media_type="application/octet-stream")

"""Object storage: one obstore handle per bucket, always with explicit keys."""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

import certifi
import obstore
from obstore.store import S3Store

from wipe_platform.settings import Settings

OCTETS = "application/octet-stream"
JSON = "application/json"
PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True)
class Buckets:
    """The five buckets; ``billing_drop`` speaks as an identity that can only write there."""

    proofs: S3Store
    certificates: S3Store
    binaries: S3Store
    exports: S3Store
    billing_drop: S3Store

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        # obstore refuses to start without a list of CAs, even for a plain-text endpoint, and the
        # system it runs on may have none.
        os.environ.setdefault("SSL_CERT_FILE", certifi.where())
        app = settings.s3_access_key, settings.s3_secret_key
        drop = settings.s3_billing_drop_access_key, settings.s3_billing_drop_secret_key
        return cls(
            proofs=_store(settings, settings.s3_bucket_proofs, *app),
            certificates=_store(settings, settings.s3_bucket_certificates, *app),
            binaries=_store(settings, settings.s3_bucket_binaries, *app),
            exports=_store(settings, settings.s3_bucket_exports, *app),
            billing_drop=_store(settings, settings.s3_bucket_billing_drop, *drop),
        )


def _store(settings: Settings, bucket: str, access_key: str, secret_key: str) -> S3Store:
    return S3Store(
        bucket,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=access_key,
        secret_access_key=secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "timeout": timedelta(seconds=20)},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


def put(store: S3Store, key: str, content: bytes, content_type: str, **metadata: str) -> None:
    """Store an object with its content type and user metadata; durable when it returns."""
    obstore.put(store, key, content, attributes=attributes(content_type, **metadata), use_multipart=False)


def attributes(content_type: str, **metadata: str) -> dict[str, str]:
    """obstore's way to say content type and user metadata (underscores become dashes)."""
    return {"Content-Type": content_type, **{k.replace("_", "-"): v for k, v in metadata.items()}}


def get(store: S3Store, key: str) -> bytes:
    """The whole object; raises FileNotFoundError."""
    return bytes(obstore.get(store, key).bytes())


def reachable(store: S3Store) -> None:
    """Returns when the bucket answers a listing under the application's identity."""
    next(iter(obstore.list(store, chunk_size=1)), None)


def proof_key(tenant_id: UUID, year: int, month: int, proof_id: UUID) -> str:
    """Where a proof's payload lives."""
    return f"{tenant_id}/{year:04d}/{month:02d}/{proof_id}.der"


def export_key(tenant_id: UUID, month: str) -> str:
    """Where a tenant's billing report of a month (yyyy-mm) lives."""
    return f"{tenant_id}/{month}.csv"
